/** A queue of events by time: a binary heap in typed arrays, because a simulation has millions of them. */
export class EventQueue {
	#times = new Float64Array(1 << 16);
	#kinds = new Uint8Array(1 << 16);
	#subjects = new Int32Array(1 << 16);
	#size = 0;

	/** Time, kind and subject of the event that `next` took. */
	atMs = 0;
	kind = 0;
	subject = 0;

	get size(): number {
		return this.#size;
	}

	/** When the next event is due; infinity without any. */
	get nextMs(): number {
		return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] ?? 0);
	}

	add(atMs: number, kind: number, subject: number): void {
		if (this.#size === this.#times.length) this.#grow();
		let at = this.#size;
		this.#size += 1;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if ((this.#times[parent] ?? 0) <= atMs) break;
			this.#copy(parent, at);
			at = parent;
		}
		this.#set(at, atMs, kind, subject);
	}

	/** Takes the earliest event. @throws without any */
	next(): void {
		if (this.#size === 0) throw new Error("the queue has no event");
		this.atMs = this.#times[0] ?? 0;
		this.kind = this.#kinds[0] ?? 0;
		this.subject = this.#subjects[0] ?? 0;
		this.#size -= 1;
		const last = this.#size;
		const [lastMs = 0, kind = 0, subject = 0] = [this.#times[last], this.#kinds[last], this.#subjects[last]];
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			if (child >= last) break;
			if (child + 1 < last && (this.#times[child + 1] ?? 0) < (this.#times[child] ?? 0)) child += 1;
			if ((this.#times[child] ?? 0) >= lastMs) break;
			this.#copy(child, at);
			at = child;
		}
		this.#set(at, lastMs, kind, subject);
	}

	#copy(from: number, to: number): void {
		this.#set(to, this.#times[from] ?? 0, this.#kinds[from] ?? 0, this.#subjects[from] ?? 0);
	}

	#set(at: number, atMs: number, kind: number, subject: number): void {
		this.#times[at] = atMs;
		this.#kinds[at] = kind;
		this.#subjects[at] = subject;
	}

	#grow(): void {
		const length = 2 * this.#times.length;
		const [times, kinds, subjects] = [new Float64Array(length), new Uint8Array(length), new Int32Array(length)];
		times.set(this.#times);
		kinds.set(this.#kinds);
		subjects.set(this.#subjects);
		[this.#times, this.#kinds, this.#subjects] = [times, kinds, subjects];
	}
}
