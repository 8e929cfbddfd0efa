// The only file that writes to the log. A line has at most 200 characters: what failed, in our words, and the error's name, status and code. Never its
// message, which may quote a prompt, an answer or query parameters.

const LINE_MAX = 200;
const WHAT_MAX = 120;

/** One of our own errors, whose message quotes nothing from outside, so the log may show it. */
export class OwnError extends Error {}

/** Logs a failure the product expects and recovers from, such as a provider outage. `what` describes it in our words, with ids. */
export function logFailure(what: string, error: unknown): void {
	write(`${oneLine(what).slice(0, WHAT_MAX)}: ${describe(error)}`);
}

/** Logs why a request is answered with 500. `requestId`: the id given to the client to quote. */
export function logFailedRequest({ method, url }: Request, error: unknown, requestId = ""): void {
	const path = withoutTokens(new URL(url).pathname).slice(0, 60);
	logFailure(`500 ${method} ${path} ${requestId}`.trimEnd(), error);
}

/** Logs a note for operators that is not an error. */
export function logNote(note: string): void {
	write(oneLine(note));
}

/** Writes a whole mail to the log, because without a mail server its link has to reach someone. */
export function logMail({ to, subject, text }: { to: string; subject: string; text: string }): void {
	ours(() => console.log(`mail to ${to}: ${subject}\n${text}`));
}

let isOurs = false;

const guarded = new WeakSet<object>();

/**
 * Reduces console output of libraries in the same way: better-auth and Start log whole errors, including the parameters of a failed query.
 * Idempotent.
 */
export function guardConsole(): void {
	if (guarded.has(console.error)) return;
	for (const method of ["error", "warn", "log", "info", "debug", "trace"] as const) {
		const next = console[method].bind(console);
		const guard = (...args: unknown[]) => {
			if (isOurs) return next(...args);
			const caller = new Error();
			Error.captureStackTrace(caller, guard);
			const error = args.find((arg) => arg instanceof Error);
			next(`a library's ${method}${error ? `: ${describe(error)}` : placeOf(caller)}`.slice(0, LINE_MAX));
		};
		guarded.add(guard);
		console[method] = guard;
	}
}

function write(line: string): void {
	ours(() => console.error(line.slice(0, LINE_MAX)));
}

function ours(log: () => void): void {
	isOurs = true;
	try {
		log();
	} finally {
		isOurs = false;
	}
}

const CAUSES_MAX = 3;

function describe(error: unknown): string {
	const chain = [nameOf(error)];
	for (let { cause } = Object(error); cause && chain.length <= CAUSES_MAX; { cause } = Object(cause)) chain.push(nameOf(cause));
	return chain.join(", caused by ") + placeOf(error);
}

/** Platform errors that are identified only by their message, from a closed list. */
const PLATFORM = /\b(?:D1_[A-Z_]*ERROR|SQLITE_[A-Z]{2,12}|Network connection lost)\b/;

function nameOf(error: unknown): string {
	if (error instanceof OwnError) return oneLine(`${error.name}: ${error.message}`);
	if (!(error instanceof Error)) return typeof error;
	const { status, statusCode, code } = error as Error & { status?: unknown; statusCode?: unknown; code?: unknown };
	const name = error.name === "Error" ? error.constructor.name : error.name;
	const http = [status, statusCode].find((one) => typeof one === "number");
	const platform = PLATFORM.exec(error.message)?.[0];
	return [/^\w{1,40}$/.test(name) ? name : "Error", http, isCode(code) ? code : undefined, platform]
		.filter((part) => part !== undefined)
		.join(" ");
}

/** Whether a value is a code, such as 10042, `card_declined` or `SQLITE_BUSY`, rather than text from outside. */
const isCode = (value: unknown) =>
	typeof value === "number" || (typeof value === "string" && /^(?:[a-z_]{1,40}|[A-Z_]{1,40})$/.test(value));

/** Where the error was created: file and line of its first frame, for the build's source map. */
function placeOf(error: unknown): string {
	if (!(error instanceof Error) || !error.stack) return "";
	// The stack starts with the message, which may look like a frame.
	const from = error.message ? error.stack.lastIndexOf(error.message) + error.message.length : 0;
	const [, place] = /^\s+at .*?([\w.$-]+:\d+:\d+)\)?$/m.exec(error.stack.slice(from)) ?? [];
	return place ? ` at ${place}` : "";
}

const oneLine = (text: string) => text.replace(/[\s\p{Cc}]+/gu, " ");

/** Where a path has a client-chosen id: a chat's, an invitation's, a server function's. */
const ID_PLACE = /^(\/(?:c|s|invitation|_serverFn|api\/chat|api\/shares)\/)(?!ai$)[^/]+/;

/** A path without ids and tokens: masks id positions, and long segments other than hyphenated words. */
const withoutTokens = (path: string) =>
	path.replace(ID_PLACE, "$1*").replace(/[^/]{16,}/g, (segment) => (/^[a-z-]+$/.test(segment) ? segment : "*"));
