import type { HttpBindings } from "@hono/node-server";
import type { State } from "./state.ts";

/** What every part of the sandbox works on. */
export interface World {
	/** Replaced as a whole by a reset: read it anew, do not keep a reference across an await. */
	state: State;
	/** The sandbox's time, epoch milliseconds: the machine's, moved or stopped by `POST /__sandbox/clock`. */
	nowMs(): number;
	/** The machine's time, epoch milliseconds. */
	machineNowMs(): number;
	/** Resolves when the state as of this call is on disk. */
	commit(): Promise<void>;
	/** Empties the sandbox; what it was started with stays. */
	reset(): void;
	secretKey: string;
	/** Where the app runs: for links on pages, and for scenarios that use its API. */
	appUrl: string;
	/** Where the app is told that the clock was moved; null when no app belongs to this sandbox. */
	appClockUrl: string | null;
	/** Where events are sent, signed with the secret; null when nobody wants them. */
	webhook: { url: string; secret: string } | null;
	/** The same for the Stripe side. */
	stripe: { secretKey: string; webhook: { url: string; secret: string } | null };
}

/** Hono's environment: the Node request and response, absent when a test calls `app.request` without a server. */
export interface Env {
	Bindings: Partial<HttpBindings>;
}
