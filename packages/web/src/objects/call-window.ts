/** Counts calls in a sliding window. In memory: an object that loses it has been idle. */
export class CallWindow {
	readonly #max: number;
	readonly #windowMs: number;
	#takenAtMs: number[] = [];

	constructor(max: number, windowMs: number) {
		this.#max = max;
		this.#windowMs = windowMs;
	}

	/** Takes a call. @returns 0, or how long to wait while the window is full, milliseconds */
	take(): number {
		const nowMs = Date.now();
		this.#takenAtMs = this.#takenAtMs.filter((atMs) => nowMs - atMs < this.#windowMs);
		const [oldest = nowMs] = this.#takenAtMs;
		if (this.#takenAtMs.length >= this.#max) return oldest + this.#windowMs - nowMs;
		this.#takenAtMs.push(nowMs);
		return 0;
	}
}
