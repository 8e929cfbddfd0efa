import { AsyncLocalStorage } from "node:async_hooks";

// Every call to a billing provider goes through here. The SDKs' own timeouts end with the headers, and an operation may make several calls.

/** For calls outside `within`. */
const CALL_MAX_MS = 10_000;
/** Larger than any provider answer, since their lists are paged. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** The provider did not answer in time, so whether it did the work is unknown. */
export class DeadlineError extends Error {
	override name = "DeadlineError";
	constructor() {
		super("the billing provider did not answer in time");
	}
}

const ofOperation = new AsyncLocalStorage<AbortSignal | undefined>();

/**
 * Runs an operation of one or more provider calls for at most `ms`. At the deadline its calls are aborted, no further call is sent, and the
 * promise rejects even if the operation itself never ends.
 * @throws DeadlineError, or the operation's error
 */
export function within<T>(ms: number, operation: () => Promise<T>): Promise<T> {
	return timed(ms, undefined, (signal) => ofOperation.run(signal, operation));
}

/** Like `within`, for work that continues after its caller's deadline: only `ms` limits it. */
export function withinOwn<T>(ms: number, operation: () => Promise<T>): Promise<T> {
	return ofOperation.run(undefined, () => within(ms, operation));
}

/**
 * The `fetch` of every provider SDK. It resolves once the whole answer has arrived, so the SDK's timeout covers the body as well. It ends at the
 * operation's deadline, or after 10 s without one.
 * @throws DeadlineError
 */
export const providerFetch: typeof fetch = async (input, init) => {
	const ms = ofOperation.getStore() ? null : CALL_MAX_MS;
	return timed(ms, init?.signal ?? undefined, async (signal) => {
		const { body, status, statusText, headers } = await fetch(input, { ...init, signal });
		const whole = body && (await readWhole(body, signal));
		return new Response(whole, { status, statusText, headers: withoutCoding(headers) });
	});
};

/**
 * Returns the work's result unless `ms` pass (null: no limit here), or the outer or the operation's signal aborts first. The timer is cleared with
 * the work: a pending one (`AbortSignal.timeout`) keeps a Durable Object in memory.
 */
async function timed<T>(ms: number | null, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const own = new AbortController();
	const timer = ms === null ? undefined : setTimeout(() => own.abort(), ms);
	const outers = [outer, ofOperation.getStore()].filter((one) => one !== undefined);
	const signal = AbortSignal.any([own.signal, ...outers]);
	try {
		if (signal.aborted) throw new DeadlineError();
		return await beforeAbort(signal, work(signal));
	} finally {
		clearTimeout(timer);
	}
}

/** Returns the work's result unless the signal aborts first. */
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
		// Closes the connection whether the provider keeps sending or stalls.
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

/** The body is already decoded, so its length may differ. */
function withoutCoding(headers: Headers): Headers {
	const open = new Headers(headers);
	open.delete("content-encoding");
	open.delete("content-length");
	return open;
}
