import { BlobReader, BlobWriter, configure, type FileEntry, TextReader, ZipReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-native.js";

// The browser compresses by itself, and our pages' policy allows no script from a blob.
configure({ useWebWorkers: false, useCompressionStream: true });

/** A zip file that is being written: as a blob, which browsers keep outside of the page's memory. */
export class ZipFile {
	readonly #zip = new ZipWriter(new BlobWriter("application/zip"));
	/** Bytes of its entries so far. */
	bytes = 0;

	async add(name: string, content: string | Blob): Promise<void> {
		const isText = typeof content === "string";
		// What cameras and scanners make is compressed already.
		const options = isText || /^text\//.test(content.type) ? {} : { level: 0 };
		this.bytes += (await this.#zip.add(name, isText ? new TextReader(content) : new BlobReader(content), options)).compressedSize;
	}

	close(): Promise<Blob> {
		return this.#zip.close();
	}
}

/** A file in a zip file. */
export interface ZippedFile {
	name: string;
	/** Its bytes, as they are read. */
	stream: () => ReadableStream<Uint8Array>;
}

/** The files in a zip file, by the directory at its end. Throws for a file that is no zip file, or has lost its end. */
export async function filesIn(zip: Blob): Promise<ZippedFile[]> {
	const entries = await new ZipReader(new BlobReader(zip)).getEntries();
	return entries
		.filter((entry): entry is FileEntry => !entry.directory)
		.map((entry) => ({ name: entry.filename, stream: () => streamOf(entry) }));
}

function streamOf(entry: FileEntry): ReadableStream<Uint8Array> {
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	// What fails here fails the reader, too.
	entry.getData(writable).catch((cause: unknown) => writable.abort(cause).catch(() => {}));
	return readable;
}
