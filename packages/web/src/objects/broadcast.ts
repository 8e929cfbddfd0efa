/** One byte stream for many readers: each receives it from the beginning, then live. Keeps all bytes in memory. */
export class Broadcast {
	readonly #sent: Uint8Array[] = [];
	readonly #readers = new Set<ReadableByteStreamController>();
	#closed = false;

	/** Sends bytes to every reader, and to each one that joins later. */
	send(bytes: Uint8Array): void {
		this.#sent.push(bytes);
		for (const reader of this.#readers) reader.enqueue(bytes.slice());
	}

	/** Ends the stream for every reader. One that joins later still receives all bytes. */
	close(): void {
		this.#closed = true;
		for (const reader of this.#readers) reader.close();
		this.#readers.clear();
	}

	/** A stream for one more reader. Cancelling it affects no other reader. */
	join(): ReadableStream<Uint8Array> {
		let own: ReadableByteStreamController | undefined;
		return new ReadableStream({
			type: "bytes",
			start: (reader) => {
				// A byte stream detaches the buffers it is given, so each reader gets copies.
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
