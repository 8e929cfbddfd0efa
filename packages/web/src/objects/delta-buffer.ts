import type { AnswerPart } from "./answer-stream.ts";

/** How long deltas are collected. Readers do not notice, and each chunk costs every reader a message. */
const COLLECT_MS = 25;

type Send = (type: AnswerPart["type"], delta: string) => void;

/** Joins a model's deltas that arrive within a few milliseconds. The first after a pause is sent at once. */
export class DeltaBuffer {
	readonly #send: Send;
	#reasoning = "";
	#text = "";
	#sentAtMs = 0;
	#timer: ReturnType<typeof setTimeout> | null = null;

	constructor(send: Send) {
		this.#send = send;
	}

	add(type: AnswerPart["type"], delta: string): void {
		if (type === "text") this.#text += delta;
		else this.#reasoning += delta;
		if (this.#timer === null || Date.now() - this.#sentAtMs >= COLLECT_MS) this.#begin();
	}

	/** Sends the remaining text and stops the timer. */
	end(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		this.#flush();
	}

	#begin(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#flush();
		this.#sentAtMs = Date.now();
		this.#timer = setTimeout(() => {
			this.#timer = null;
			if (this.#reasoning || this.#text) this.#begin();
		}, COLLECT_MS);
	}

	#flush(): void {
		const [reasoning, text] = [this.#reasoning, this.#text];
		this.#reasoning = "";
		this.#text = "";
		if (reasoning) this.#send("reasoning", reasoning);
		if (text) this.#send("text", text);
	}
}
