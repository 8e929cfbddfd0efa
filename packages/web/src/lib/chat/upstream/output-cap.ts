/**
 * More characters, and more bytes, than ordinary text has for each token: prose in twelve languages has at most 5.2 characters (English) and 10.4 bytes
 * (Hindi). `tokensOf` would be the wrong measure: it is never too low, so it would cut answers of providers that keep to the limit.
 */
const CHARS_OF_TOKEN = 6;
const BYTES_OF_TOKEN = 12;

const encoder = new TextEncoder();

/** Cuts an answer whose provider ignores the output limit that it was sent (rule P3). One that keeps to it is never cut. */
export class OutputCap {
	#charsLeft: number;
	#bytesLeft: number;
	#isReached = false;

	/** @param max tokens, reasoning included */
	constructor(max: number) {
		this.#charsLeft = max * CHARS_OF_TOKEN;
		this.#bytesLeft = max * BYTES_OF_TOKEN;
	}

	get isReached(): boolean {
		return this.#isReached;
	}

	/** @returns as much of `delta` as fits, in whole characters */
	take(delta: string): string {
		if (this.#isReached) return "";
		// A cut between the halves of a character is moved before it.
		const short = delta.length > this.#charsLeft ? delta.slice(0, this.#charsLeft).replace(/[\ud800-\udbff]$/, "") : delta;
		const { read, written } = encoder.encodeInto(short, new Uint8Array(Math.min(this.#bytesLeft, 3 * short.length)));
		this.#isReached = read < delta.length;
		this.#charsLeft -= read;
		this.#bytesLeft -= written;
		return delta.slice(0, read);
	}
}
