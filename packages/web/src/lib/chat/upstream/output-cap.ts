/**
 * Above the characters and bytes per token of ordinary text: prose in twelve languages has at most 5.2 characters (English) and 10.4 bytes
 * (Hindi). `tokensOf` cannot be used: it never underestimates, so it would cut answers of providers that keep to the limit.
 */
const CHARS_OF_TOKEN = 6;
const BYTES_OF_TOKEN = 12;

const encoder = new TextEncoder();

/**
 * Cuts an answer whose provider ignores the output limit (rule P3), and never one that keeps to it. A provider's pieces hold one token or more, so
 * there are at most as many pieces as tokens. With one token per piece the cut is exact; longer pieces are limited by characters and bytes.
 * Single-character pieces are not counted, because some proxies send every answer that way.
 */
export class OutputCap {
	#piecesLeft: number;
	#charsLeft: number;
	#bytesLeft: number;
	#isReached = false;

	/** @param max tokens, reasoning included */
	constructor(max: number) {
		this.#piecesLeft = max;
		this.#charsLeft = max * CHARS_OF_TOKEN;
		this.#bytesLeft = max * BYTES_OF_TOKEN;
	}

	get isReached(): boolean {
		return this.#isReached;
	}

	/** @returns the part of `delta` that fits, in whole characters */
	take(delta: string): string {
		if (delta.length > 1) this.#piecesLeft -= 1;
		if (this.#piecesLeft < 0) this.#isReached = true;
		if (this.#isReached) return "";
		// A cut inside a surrogate pair moves before it.
		const short = delta.length > this.#charsLeft ? delta.slice(0, this.#charsLeft).replace(/[\ud800-\udbff]$/, "") : delta;
		const { read, written } = encoder.encodeInto(short, new Uint8Array(Math.min(this.#bytesLeft, 3 * short.length)));
		this.#isReached = read < delta.length;
		this.#charsLeft -= read;
		this.#bytesLeft -= written;
		return delta.slice(0, read);
	}
}
