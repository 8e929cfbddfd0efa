/** How long a browser may take to copy a file passed to it. The file is removed then, or when the next one is opened. */
const FILE_KEPT_MS = 3_600_000;

/** A file in the origin's private file system. */
export interface DiskFile {
	writable: WritableStream<Uint8Array>;
	/** The file, once `writable` is closed. */
	read: () => Promise<Blob>;
}

/**
 * Opens a file in the origin's private file system, which is invisible to users, and removes those left by earlier pages. Null if it is unavailable,
 * as in private windows.
 */
export async function openDiskFile(): Promise<DiskFile | null> {
	try {
		const root = await navigator.storage.getDirectory();
		const folder = await root.getDirectoryHandle("downloads", { create: true });
		// A page locks each of its files while it is open, because the browser may still be copying one.
		for await (const left of folder.keys())
			await navigator.locks.request(left, { ifAvailable: true }, (lock) => lock && folder.removeEntry(left).catch(() => {}));
		const name = crypto.randomUUID();
		const locked = Promise.withResolvers<void>();
		void navigator.locks.request(name, () => {
			locked.resolve();
			return new Promise(() => {});
		});
		await locked.promise;
		const file = await folder.getFileHandle(name, { create: true });
		const writable = await file.createWritable();
		const read = () => {
			setTimeout(() => void folder.removeEntry(name).catch(() => {}), FILE_KEPT_MS);
			return file.getFile();
		};
		return { writable, read };
	} catch {
		return null;
	}
}
