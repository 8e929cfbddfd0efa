import { events } from "./sse.ts";

/** The body of a refusal (RFC 9457), and what a limit adds to it. */
export interface Problem {
	title?: unknown;
	status?: unknown;
	detail?: unknown;
	policy?: unknown;
	tier?: unknown;
	limit?: unknown;
	remaining?: unknown;
	resetAt?: unknown;
	upgradeUrl?: unknown;
}

/** One piece of an answer: when it came (ms on the process's own clock), and how many characters had come with it. */
export interface Delta {
	atMs: number;
	chars: number;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);

export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** An answer of the chat endpoint, heard while it comes: an AI SDK UI message stream, or a refusal. */
export class Answer {
	readonly status: number;
	readonly headers: Headers;
	/** All output so far, reasoning included: it is what makes a stopped answer a counted one. */
	output = "";
	/** `model`, `state` (how it ended) and `counted`, as far as they have come. */
	metadata: { state?: unknown; counted?: unknown } = {};
	/** The id of the message that is written. */
	id = "";
	/** The type of the last chunk: finish, error or abort. */
	last = "";
	problem: Problem | null = null;
	readonly deltas: Delta[] = [];
	readonly #leave: () => void;
	readonly #ended: Promise<void>;
	#left = false;
	#wake: (() => void)[] = [];

	/** @param leave cuts the connection */
	constructor(response: Response, leave: () => void) {
		this.status = response.status;
		this.headers = response.headers;
		this.#leave = leave;
		this.#ended = this.#hear(response).finally(() => this.#notify());
		// Whoever waits for the end gets the error; nobody may be waiting yet.
		this.#ended.catch(() => {});
	}

	/** Hears the answer to its end. */
	async whole(): Promise<this> {
		await this.#ended;
		return this;
	}

	/** Waits until so many pieces have come, or the answer has ended. */
	async until(count: number): Promise<this> {
		let over = false;
		const end = this.#ended.finally(() => {
			over = true;
		});
		while (!over && this.deltas.length < count) await Promise.race([end, new Promise<void>((resolve) => this.#wake.push(resolve))]);
		return this;
	}

	/** Goes away in the middle, as a closed tab does. */
	leave(): void {
		this.#left = true;
		this.#leave();
	}

	async #hear(response: Response): Promise<void> {
		try {
			if (response.status !== 200 || !response.body) {
				const body = parseJson(await response.text());
				this.problem = isRecord(body) ? body : {};
				return;
			}
			for await (const data of events(response.body)) this.#take(data);
		} catch (error) {
			if (!this.#left) throw error;
		}
	}

	#take(data: string): void {
		const chunk = parseJson(data);
		if (!isRecord(chunk)) return;
		this.last = String(chunk.type);
		if (chunk.type === "start" && typeof chunk.messageId === "string") this.id = chunk.messageId;
		if (isRecord(chunk.messageMetadata)) this.metadata = { ...this.metadata, ...chunk.messageMetadata };
		if ((chunk.type === "text-delta" || chunk.type === "reasoning-delta") && typeof chunk.delta === "string" && chunk.delta !== "") {
			this.output += chunk.delta;
			this.deltas.push({ atMs: performance.now(), chars: this.output.length });
			this.#notify();
		}
	}

	#notify(): void {
		const waiting = this.#wake;
		this.#wake = [];
		for (const wake of waiting) wake();
	}
}

/**
 * How much later the second caller heard each piece that the first caller heard from `sinceMs` on, in ms; Infinity for what never came.
 * Compared by characters, because pieces that wait together may arrive as one.
 */
export function lags(first: Delta[], second: Delta[], sinceMs: number): number[] {
	return first
		.filter((delta) => delta.atMs >= sinceMs)
		.map((delta) => {
			const same = second.find((other) => other.chars >= delta.chars);
			return same ? Math.max(0, same.atMs - delta.atMs) : Number.POSITIVE_INFINITY;
		});
}
