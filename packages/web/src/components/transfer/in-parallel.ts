/** Items that are worked on at once: as many as a page may send without holding up what else it does. */
const AT_ONCE = 4;

/**
 * Takes items and works on several at once, until there are no more or one fails. Each item that was taken is worked on.
 * @param next the next item; undefined for no more
 * @throws the first error, once nothing is under way any more
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
