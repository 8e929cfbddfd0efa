/**
 * Caches one answer in this isolate for at most `keptMs`. For answers that any visitor may request and that are the same for everyone.
 * Caches the answer, never the promise: on Workers a promise belongs to the request that started it.
 */
export class IsolateCache<T> {
	readonly #keptMs: number;
	#kept: { readAtMs: number; answer: T } | null = null;

	constructor(keptMs: number) {
		this.#keptMs = keptMs;
	}

	/** Returns the cached answer, or loads a new one. If `load` throws, nothing is cached and the error passes through. */
	async read(load: () => Promise<T>): Promise<T> {
		if (!this.#kept || Date.now() - this.#kept.readAtMs >= this.#keptMs) {
			const answer = await load();
			this.#kept = { readAtMs: Date.now(), answer };
		}
		return this.#kept.answer;
	}
}
