import { tokensOf } from "@parley/metering";

/** Text that is counted together. A word that is cut between two such texts counts twice, which is little. */
const TOGETHER_CHARS = 256;
/** More tokens than any character has. */
const TOKENS_OF_CHARACTER = 4;

/** Cuts an answer at its output limit, by our own estimate: a provider may ignore the limit that it was sent (rule P3). */
export class OutputCap {
	readonly #max: number;
	#counted = 0;
	#tail = "";
	#isReached = false;

	/** @param max tokens, reasoning included */
	constructor(max: number) {
		this.#max = max;
	}

	get isReached(): boolean {
		return this.#isReached;
	}

	/** The estimated tokens of what was taken. */
	get tokens(): number {
		return this.#counted + tokensOf(this.#tail);
	}

	/** @returns as much of `delta` as fits, in whole characters */
	take(delta: string): string {
		if (this.#isReached) return "";
		const fitting = this.#fits(delta) ? delta : this.#longest(delta);
		this.#isReached = fitting.length < delta.length;
		this.#tail += fitting;
		if (this.#tail.length >= TOGETHER_CHARS) {
			this.#counted += tokensOf(this.#tail);
			this.#tail = "";
		}
		return fitting;
	}

	#fits(text: string): boolean {
		const tail = this.#tail.length + text.length;
		return this.#counted + tail * TOKENS_OF_CHARACTER <= this.#max || this.#counted + tokensOf(this.#tail + text) <= this.#max;
	}

	#longest(delta: string): string {
		let [low, high] = [0, delta.length];
		while (low < high) {
			const middle = Math.ceil((low + high) / 2);
			if (this.#fits(delta.slice(0, middle))) low = middle;
			else high = middle - 1;
		}
		// Not between the halves of a character.
		return delta.slice(0, low).replace(/[\ud800-\udbff]$/, "");
	}
}
