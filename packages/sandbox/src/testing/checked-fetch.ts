import { expect, onTestFinished } from "vitest";

/** One API answer to check. */
export interface Answer {
	method: string;
	/** The path without its query. */
	path: string;
	status: number;
	/** Parsed JSON, or the text where the answer is not JSON. */
	body: unknown;
}

/** Returns what is wrong with an answer, or null when it fits its schema. */
export type Check = (answer: Answer) => string | null;

export interface CheckedFetch {
	fetch: typeof globalThis.fetch;
	/** "METHOD /path status" of each answer that fits its schema. */
	validated: string[];
	/** Answers that break their schema. The test fails if any are left when it ends. */
	violations: string[];
}

/**
 * A fetch that validates every answer below `prefix`. A violation rejects the call. It also fails the test when it ends, because a
 * client may swallow the rejection.
 */
export function checkedFetch(prefix: string, check: Check): CheckedFetch {
	const unchecked = globalThis.fetch;
	const validated: string[] = [];
	const violations: string[] = [];
	onTestFinished(() => expect(violations, "answers that break their schema").toEqual([]));
	const fetch: typeof globalThis.fetch = async (input, init) => {
		const response = await unchecked(input, init);
		const { pathname: path } = new URL(input instanceof Request ? input.url : input);
		if (!path.startsWith(prefix)) return response;
		const method = (init?.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
		const text = await response.clone().text();
		const body = parsed(text, response.headers.get("content-type") ?? "");
		// Only the `invalidJson` fault answers with half a body.
		if (body === undefined) return response;
		const answer = `${method} ${path} ${response.status}`;
		const violation = check({ method, path, status: response.status, body });
		if (violation !== null) {
			violations.push(`${answer}: ${violation}`);
			throw new Error(`${answer} breaks its schema: ${violation}`);
		}
		validated.push(answer);
		return response;
	};
	return { fetch, validated, violations };
}

/** The parsed body; undefined if it is declared as JSON but is not. */
function parsed(text: string, contentType: string): unknown {
	if (!contentType.includes("json")) return text;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
