import { events } from "./sse.ts";

/** The body of a refusal (RFC 9457) with the fields that a limit adds. */
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
	/** What the request costs. */
	price?: unknown;
}

/** One delta of an answer: when it arrived (ms, `performance.now()`), and the output's length with it. */
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

/** A response of the chat endpoint, read as it arrives: an AI SDK UI message stream, or a refusal. */
export class Answer {
	readonly status: number;
	readonly headers: Headers;
	/** All output so far, reasoning included. A stopped answer counts once it has any. */
	output = "";
	/** `state` (how the answer ended) and `counted`, once they have arrived. */
	metadata: { state?: unknown; counted?: unknown } = {};
	/** The answer's message id. */
	id = "";
	/** The type of the last chunk: finish, error or abort. */
	last = "";
	problem: Problem | null = null;
	readonly deltas: Delta[] = [];
	readonly #leave: () => void;
	readonly #ended: Promise<void>;
	#left = false;
	#wake: (() => void)[] = [];

	/** @param leave aborts the connection */
	constructor(response: Response, leave: () => void) {
		this.status = response.status;
		this.headers = response.headers;
		this.#leave = leave;
		this.#ended = this.#read(response).finally(() => this.#notify());
		// Callers that await the end get the error. Without this, it is unhandled until one does.
		this.#ended.catch(() => {});
	}

	/** Waits for the end of the answer. */
	async whole(): Promise<this> {
		await this.#ended;
		return this;
	}

	/** Waits until `count` deltas have arrived, or the answer has ended. */
	async until(count: number): Promise<this> {
		let over = false;
		const end = this.#ended.finally(() => {
			over = true;
		});
		while (!over && this.deltas.length < count) await Promise.race([end, new Promise<void>((resolve) => this.#wake.push(resolve))]);
		return this;
	}

	/** Disconnects, as a closed tab does. */
	leave(): void {
		this.#left = true;
		this.#leave();
	}

	async #read(response: Response): Promise<void> {
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
 * Delay of the second stream behind the first, in ms, for each delta since `sinceMs`. Infinity for a delta that never arrived.
 * Deltas are matched by output length, because several may arrive as one.
 */
export function lags(first: Delta[], second: Delta[], sinceMs: number): number[] {
	return first
		.filter((delta) => delta.atMs >= sinceMs)
		.map((delta) => {
			const same = second.find((other) => other.chars >= delta.chars);
			return same ? Math.max(0, same.atMs - delta.atMs) : Number.POSITIVE_INFINITY;
		});
}
