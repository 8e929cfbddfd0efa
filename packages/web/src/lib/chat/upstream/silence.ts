/** Thrown when nothing arrives in time. */
export class Silence extends Error {
	override name = "Silence";
}

/** Waits at most `ms` for the next value. @throws {Silence} */
export async function within<T>(ms: number, next: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const silence = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Silence()), ms);
	});
	try {
		return await Promise.race([next, silence]);
	} finally {
		clearTimeout(timer);
	}
}
