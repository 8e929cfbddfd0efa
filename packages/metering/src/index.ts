export { poolOfGrant, remaining, type Standing, standing } from "./balance.ts";
export * from "./ledger.ts";
export * from "./outbox.ts";
export * from "./retention.ts";
export * from "./rows.ts";
export * from "./tier.ts";
export * from "./who-pays.ts";
export * from "./window.ts";
