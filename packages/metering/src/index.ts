export * from "./ledger.ts";
export * from "./outbox.ts";
export * from "./retention.ts";
export * from "./tier.ts";
export * from "./window.ts";
