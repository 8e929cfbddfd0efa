import { AsyncLocalStorage } from "node:async_hooks";

// Every call to a billing provider ends here. The SDKs' own timeouts end with the headers of an answer, and one operation may make several calls.

/** For one call, also where no `within` bounds it. */
export const CALL_MAX_MS = 10_000;
/** More than any answer of a provider, whose lists are paged. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** The provider did not answer in time, so whether it did the work is unknown. */
export class DeadlineError extends Error {
	override name = "DeadlineError";
	constructor() {
		super("the billing provider did not answer in time");
	}
}

const ofOperation = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs an operation at a provider, of one call or several, for at most `ms`. At the deadline its calls are aborted, it sends no further one, and the
 * promise rejects even if the operation itself never ends.
 * @throws DeadlineError, or the operation's error
 */
export function within<T>(ms: number, operation: () => Promise<T>): Promise<T> {
	return timed(ms, undefined, (signal) => ofOperation.run(signal, operation));
}

/**
 * The `fetch` of every provider SDK. It resolves when the whole answer has arrived, so that a timeout of the SDK covers the body as well, and it ends at
 * the deadline of its operation, and after 10 s at the latest.
 * @throws DeadlineError
 */
export const providerFetch: typeof fetch = async (input, init) => {
	return timed(CALL_MAX_MS, init?.signal ?? undefined, async (signal) => {
		const { body, status, statusText, headers } = await fetch(input, { ...init, signal });
		const whole = body && (await readWhole(body, signal));
		return new Response(whole, { status, statusText, headers: withoutCoding(headers) });
	});
};

/**
 * The work's result, unless `ms` pass or the outer signal or the operation's aborts first. The timer ends with the work: a pending one
 * (`AbortSignal.timeout`) keeps a Durable Object in memory.
 */
async function timed<T>(ms: number, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const own = new AbortController();
	const timer = setTimeout(() => own.abort(), ms);
	const outers = [outer, ofOperation.getStore()].filter((one) => one !== undefined);
	const signal = AbortSignal.any([own.signal, ...outers]);
	try {
		if (signal.aborted) throw new DeadlineError();
		return await beforeAbort(signal, work(signal));
	} finally {
		clearTimeout(timer);
	}
}

/** The work's result, unless the signal aborts first. */
async function beforeAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
	let abort = () => {};
	const aborted = new Promise<never>((_, reject) => {
		abort = () => reject(new DeadlineError());
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort, { once: true });
	});
	try {
		return await Promise.race([work, aborted]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}

async function readWhole(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
	const reader = body.getReader();
	try {
		return await beforeAbort(signal, readAll(reader));
	} catch (error) {
		// Closes the connection of a provider that goes on sending, or never does.
		void reader.cancel().catch(() => {});
		throw error;
	}
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for (let read = await reader.read(); !read.done; read = await reader.read()) {
		bytes += read.value.byteLength;
		if (bytes > ANSWER_BYTES_MAX) throw new Error(`the billing provider sent more than ${ANSWER_BYTES_MAX} bytes`);
		chunks.push(read.value);
	}
	const whole = new Uint8Array(bytes);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.byteLength;
	}
	return whole;
}

/** The body is decoded by now, and may have another length. */
function withoutCoding(headers: Headers): Headers {
	const open = new Headers(headers);
	open.delete("content-encoding");
	open.delete("content-length");
	return open;
}
