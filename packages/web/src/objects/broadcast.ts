import { OwnError } from "../log.ts";

/** A reader that reads nothing for this long is dropped, because its unread bytes stay in memory. */
const STALLED_AFTER_MS = 60_000;
/** The most characters that one read returns. */
const READ_CHARS_MAX = 16_384;

interface Reader {
	/** The index of the next piece to read. */
	at: number;
	/** Whether the reader has requested a piece that is not sent yet. */
	isWaiting: boolean;
	readAtMs: number;
	controller: ReadableByteStreamController;
	timer: ReturnType<typeof setTimeout> | undefined;
	onLeft: () => void;
}

/**
 * One text stream for many readers: each receives it from the beginning, then live. The pieces are stored once and readers pull them by index, so
 * that a stalled reader holds no copy.
 */
export class Broadcast {
	readonly #sent: string[] = [];
	readonly #readers = new Set<Reader>();
	#closed = false;

	/** How many readers have not reached the end. */
	get readers(): number {
		return this.#readers.size;
	}

	/** Sends a piece to every reader, and to each one that joins later. */
	send(piece: string): void {
		this.#sent.push(piece);
		this.#wake();
	}

	/** Ends the stream for every reader that has read everything. One that joins later still receives it all. */
	close(): void {
		this.#closed = true;
		this.#wake();
	}

	/** A stream for another reader. Cancelling it does not affect other readers. `onLeft` is called once, however the reader ends. */
	join(onLeft: () => void = () => {}): ReadableStream<Uint8Array> {
		let own: Reader | undefined;
		return new ReadableStream({
			type: "bytes",
			start: (controller) => {
				own = { at: 0, isWaiting: false, readAtMs: Date.now(), controller, timer: undefined, onLeft };
				this.#readers.add(own);
				this.#watch(own, STALLED_AFTER_MS);
			},
			pull: () => {
				if (!own) return;
				own.isWaiting = true;
				own.readAtMs = Date.now();
				this.#serve(own);
			},
			cancel: () => own && this.#remove(own),
		});
	}

	#wake(): void {
		for (const reader of this.#readers) if (reader.isWaiting) this.#serve(reader);
	}

	/** Sends a waiting reader everything since its last read, or the end of the stream. */
	#serve(reader: Reader): void {
		let text = "";
		while (reader.at < this.#sent.length && text.length < READ_CHARS_MAX) {
			text += this.#sent[reader.at];
			reader.at += 1;
		}
		if (text) {
			reader.isWaiting = false;
			reader.controller.enqueue(encoder.encode(text));
		} else if (this.#closed) {
			this.#remove(reader);
			reader.controller.close();
		}
	}

	/** Checks after `ms` whether a reader has left pieces unread for too long, and drops it. */
	#watch(reader: Reader, ms: number): void {
		reader.timer = setTimeout(() => {
			const idleMs = reader.isWaiting ? 0 : Date.now() - reader.readAtMs;
			if (idleMs < STALLED_AFTER_MS) return this.#watch(reader, STALLED_AFTER_MS - idleMs);
			this.#remove(reader);
			reader.controller.error(new OwnError("a reader took nothing for a minute"));
		}, ms);
	}

	#remove(reader: Reader): void {
		clearTimeout(reader.timer);
		if (this.#readers.delete(reader)) reader.onLeft();
	}
}

const encoder = new TextEncoder();
