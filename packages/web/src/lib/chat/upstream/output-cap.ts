/**
 * More characters, and more bytes, than ordinary text has for each token: prose in twelve languages has at most 5.2 characters (English) and 10.4 bytes
 * (Hindi). `tokensOf` would be the wrong measure: it is never too low, so it would cut answers of providers that keep to the limit.
 */
const CHARS_OF_TOKEN = 6;
const BYTES_OF_TOKEN = 12;

const encoder = new TextEncoder();

/**
 * Cuts an answer whose provider ignores the output limit that it was sent (rule P3). One that keeps to it is never cut. Providers send a piece for each
 * token, or for several: so the pieces are never more than the tokens, and where there is one for each, the cut is exact. Where they are longer, their
 * characters and bytes bound the tokens. Pieces of one character tell nothing: some proxies send every answer so.
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

	/** @returns as much of `delta` as fits, in whole characters */
	take(delta: string): string {
		if (delta.length > 1) this.#piecesLeft -= 1;
		if (this.#piecesLeft < 0) this.#isReached = true;
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
