import type { HttpBindings } from "@hono/node-server";
import type { State } from "./state.ts";

/** The context that every part of the sandbox works with. */
export interface World {
	/** A reset replaces it as a whole, so do not keep a reference across an await. */
	state: State;
	/** The sandbox's time in epoch milliseconds. `POST /__sandbox/clock` moves or freezes it. */
	nowMs(): number;
	/** The machine's time in epoch milliseconds. */
	machineNowMs(): number;
	/** Resolves when the state as of this call is on disk. */
	commit(): Promise<void>;
	/** Empties the sandbox and keeps its start options. */
	reset(): void;
	secretKey: string;
	/** The app's address, for links on pages and for scenarios that use its API. */
	appUrl: string;
	/** Where clock moves are sent; null without an app. */
	appClockUrl: string | null;
	/** Where events are sent, signed with the secret; null to only record them. */
	webhook: { url: string; secret: string } | null;
	/** The same for Stripe. */
	stripe: { secretKey: string; webhook: { url: string; secret: string } | null };
}

/** Hono's environment: the Node request and response, absent in `app.request` without a server. */
export interface Env {
	Bindings: Partial<HttpBindings>;
}
