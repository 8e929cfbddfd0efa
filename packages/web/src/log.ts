const LINE_MAX = 500;

/** Logs a failure that the product expects and recovers from, such as a provider that is down: one line, no stack. */
export function logFailure(what: string, error: unknown): void {
	const cause = error instanceof Error && error.cause ? `, caused by ${error.cause}` : "";
	console.error(`${what}: ${error}${cause}`.replace(/\s+/g, " ").slice(0, LINE_MAX));
}

/** Logs why a request is answered with 500: its method and path, and the error with its stack and causes. */
export function logFailedRequest({ method, url }: Request, error: unknown): void {
	// The path only: a query may hold a token.
	console.error([`500 ${method} ${new URL(url).pathname}: ${stackOf(error)}`, ...causesOf(error)].join("\n  caused by "));
}

function causesOf(error: unknown): string[] {
	const causes: string[] = [];
	for (let { cause } = Object(error); cause && causes.length < 5; { cause } = Object(cause)) causes.push(stackOf(cause));
	return causes;
}

const stackOf = (error: unknown) => (error instanceof Error && error.stack) || String(error);
