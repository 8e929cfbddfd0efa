/** Items processed at once: as many requests as a page may send without delaying its other work. */
const AT_ONCE = 4;

/**
 * Takes items and processes several at once, until there are no more or one fails. Every item that was taken is processed.
 * @param next the next item; undefined if there are no more
 * @throws the first error, once no other work is running
 */
export async function inParallel<T>(next: () => Promise<T | undefined> | T | undefined, work: (item: T) => Promise<void>): Promise<void> {
	let failed: { error: unknown } | undefined;
	async function one(): Promise<void> {
		try {
			while (!failed) {
				const item = await next();
				if (item === undefined) return;
				await work(item);
			}
		} catch (error) {
			failed ??= { error };
		}
	}
	await Promise.all(Array.from({ length: AT_ONCE }, one));
	if (failed) throw failed.error;
}
