import type { HttpBindings } from "@hono/node-server";
import type { State } from "./state.ts";

/** What every part of the sandbox works on. */
export interface World {
	/** Replaced as a whole by a reset: read it anew, do not keep a reference across an await. */
	state: State;
	/** The sandbox's time, epoch milliseconds: the machine's, moved by `POST /__sandbox/clock`. */
	nowMs(): number;
	/** The machine's time, epoch milliseconds. */
	machineNowMs(): number;
	/** Resolves when the state as of this call is on disk. */
	commit(): Promise<void>;
	secretKey: string;
	/** Where the app runs; for links on pages only. */
	appUrl: string;
}

/** Hono's environment: the Node request and response, absent when a test calls `app.request` without a server. */
export interface Env {
	Bindings: Partial<HttpBindings>;
}
