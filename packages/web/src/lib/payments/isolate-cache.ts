/**
 * Keeps one answer for as long as this isolate lives, at most `keptMs`. For answers that every visitor may request and that are the same for all.
 * It keeps the answer and never the promise: on Workers a promise belongs to the request that started it.
 */
export class IsolateCache<T> {
	readonly #keptMs: number;
	#kept: { readAtMs: number; answer: T } | null = null;

	constructor(keptMs: number) {
		this.#keptMs = keptMs;
	}

	/** The kept answer, or a new one from `load`. A failed load keeps nothing and throws its error. */
	async read(load: () => Promise<T>): Promise<T> {
		if (!this.#kept || Date.now() - this.#kept.readAtMs >= this.#keptMs) {
			const answer = await load();
			this.#kept = { readAtMs: Date.now(), answer };
		}
		return this.#kept.answer;
	}
}
