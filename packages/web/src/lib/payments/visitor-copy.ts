import { waitUntil } from "cloudflare:workers";
import type { z } from "zod";
import { storeCopy, storedCopy } from "../../db/provider-copies.ts";
import { logFailure } from "../../log.ts";
import { within } from "./deadline.ts";

/** A copy older than this is read again in the background. The same interval applies after a failure. */
const READ_EVERY_MS = 10_000;
const READ_TIMEOUT_MS = 5_000;
/** How long a copy is shown while the provider cannot be read. */
const SHOWN_MS = 24 * 3_600_000;
/** A page waits for the provider only if there is no copy, and at most this long. */
const FIRST_AWAITED_MS = 1_000;
const POLL_MS = 50;

interface Copy<T> {
	answer: T;
	readAtMs: number;
}

/**
 * Serves a provider answer to all visitors from a copy: in this isolate, else in D1. The provider is read in the background, at most once per 10 s and
 * isolate, regardless of traffic or failures. So visitors can neither cause calls at will nor wait for a stalled provider.
 */
export class VisitorCopy<T> {
	readonly #name: string;
	readonly #schema: z.ZodType<T>;
	readonly #load: () => Promise<T>;
	#kept: Copy<T> | null = null;
	/** By the machine's clock. A read whose request ended early counts as over once its deadline has passed. */
	#startedAtMs = 0;
	#isOver = true;

	/** `name` identifies the copy in D1; `schema` rejects one stored in another shape by an earlier deployment. */
	constructor(name: string, schema: z.ZodType<T>, load: () => Promise<T>) {
		this.#name = name;
		this.#schema = schema;
		this.#load = load;
	}

	/** Returns the copy, at most 24 hours old. Null if there is none and the provider did not answer within a second. */
	async read(): Promise<T | null> {
		this.#kept ??= await this.#stored();
		const nowMs = Date.now();
		if (nowMs - (this.#kept?.readAtMs ?? 0) >= READ_EVERY_MS && nowMs - this.#startedAtMs >= READ_EVERY_MS) waitUntil(this.#refresh());
		if (!this.#shown()) await this.#first();
		return this.#shown()?.answer ?? null;
	}

	#shown(): Copy<T> | null {
		return this.#kept && Date.now() - this.#kept.readAtMs < SHOWN_MS ? this.#kept : null;
	}

	/** Polls, because a promise belongs to the request that started it. */
	async #first(): Promise<void> {
		for (let waitedMs = 0; waitedMs < FIRST_AWAITED_MS && this.#isReading() && !this.#shown(); waitedMs += POLL_MS)
			await scheduler.wait(POLL_MS);
	}

	#isReading(): boolean {
		return !this.#isOver && Date.now() - this.#startedAtMs < READ_TIMEOUT_MS;
	}

	/** Never throws. */
	async #refresh(): Promise<void> {
		this.#startedAtMs = Date.now();
		this.#isOver = false;
		try {
			const copy = { answer: await within(READ_TIMEOUT_MS, this.#load), readAtMs: Date.now() };
			this.#kept = copy;
			this.#isOver = true;
			await storeCopy(this.#name, copy);
		} catch (error) {
			this.#isOver = true;
			logFailure(`${this.#name} could not be read`, error);
		}
	}

	async #stored(): Promise<Copy<T> | null> {
		const found = await storedCopy(this.#name);
		const parsed = found && this.#schema.safeParse(found.answer);
		return parsed?.success ? { answer: parsed.data, readAtMs: found?.readAtMs ?? 0 } : null;
	}
}
