import { BlobReader, BlobWriter, configure, type FileEntry, TextReader, ZipReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-native.js";
import type { DiskFile } from "./disk-file.ts";

// The browser has native compression, and our CSP forbids worker scripts from blobs.
configure({ useWebWorkers: false, useCompressionStream: true });

const SHORT_CHARS = 1_000;

/** The disk is full or its quota used up. The written part of the zip file is lost. */
export class DiskFull extends Error {}

/** Writes a zip file: to disk, of any size, or as a blob, which the browser has to hold in memory. */
export class ZipFile {
	readonly #zip: ZipWriter<Blob>;
	readonly #disk: DiskFile | null;

	constructor(disk: DiskFile | null = null) {
		this.#disk = disk;
		this.#zip = new ZipWriter<Blob>(disk ? disk.writable : new BlobWriter("application/zip"));
	}

	/** @throws {DiskFull} */
	async add(name: string, content: string | Blob): Promise<void> {
		const reader = typeof content === "string" ? new TextReader(content) : new BlobReader(content);
		await this.#onDisk(this.#zip.add(name, reader, isWorthCompressing(content) ? {} : { level: 0 }));
	}

	/** @throws {DiskFull} */
	async close(): Promise<Blob> {
		const blob = await this.#onDisk(this.#zip.close());
		return this.#disk ? this.#disk.read() : blob;
	}

	async #onDisk<T>(write: Promise<T>): Promise<T> {
		try {
			return await write;
		} catch (cause) {
			throw this.#disk ? new DiskFull(undefined, { cause }) : cause;
		}
	}
}

/** Images from cameras and scanners are compressed already, and for a few hundred bytes a stream costs more time than it saves bytes. */
function isWorthCompressing(content: string | Blob): boolean {
	return typeof content === "string" ? content.length > SHORT_CHARS : /^text\//.test(content.type);
}

/** A file in a zip file. */
export interface ZippedFile {
	name: string;
	/** Its bytes, as a stream. */
	stream: () => ReadableStream<Uint8Array>;
}

/** The files in a zip file, by the directory at its end. Throws if it is not a zip file or its end is missing. */
export async function filesIn(zip: Blob): Promise<ZippedFile[]> {
	const entries = await new ZipReader(new BlobReader(zip)).getEntries();
	return entries
		.filter((entry): entry is FileEntry => !entry.directory)
		.map((entry) => ({ name: entry.filename, stream: () => streamOf(entry) }));
}

function streamOf(entry: FileEntry): ReadableStream<Uint8Array> {
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	// An error here reaches the reader through the aborted stream.
	entry.getData(writable).catch((cause: unknown) => writable.abort(cause).catch(() => {}));
	return readable;
}
