/** One stream of bytes for many readers: each hears it from its beginning, then live, whenever it comes. Kept in memory until it is closed. */
export class Broadcast {
	readonly #sent: Uint8Array[] = [];
	readonly #readers = new Set<ReadableByteStreamController>();
	#closed = false;

	send(bytes: Uint8Array): void {
		this.#sent.push(bytes);
		for (const reader of this.#readers) reader.enqueue(bytes.slice());
	}

	close(): void {
		this.#closed = true;
		for (const reader of this.#readers) reader.close();
		this.#readers.clear();
	}

	/** A reader that goes away ends nothing but itself. */
	join(): ReadableStream<Uint8Array> {
		let own: ReadableByteStreamController | undefined;
		return new ReadableStream({
			type: "bytes",
			start: (reader) => {
				// A byte stream takes its chunks over: the kept ones stay ours.
				for (const bytes of this.#sent) reader.enqueue(bytes.slice());
				if (this.#closed) reader.close();
				else this.#readers.add(reader);
				own = reader;
			},
			cancel: () => {
				if (own) this.#readers.delete(own);
			},
		});
	}
}
