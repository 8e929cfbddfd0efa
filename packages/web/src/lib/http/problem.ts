import type { Key } from "../../text/catalogue.ts";
import { t } from "../../text/text.ts";
import type { Outcome, Problem } from "../../view/problem.ts";

/**
 * Every problem our own routes answer with (RFC 9457): its code and HTTP status. The code is the stable name: `type` is built from it, and
 * clients may branch on it. `title` and `detail` are text for the reader. docs/operations.md explains each one (problem.test.ts compares them).
 */
export const PROBLEMS = {
	"invalid-json": 400,
	"invalid-request": 400,
	"invalid-signature": 400,
	"nothing-to-buy": 400,
	"not-readable-by-model": 400,
	"refused-by-model": 400,
	"search-not-offered": 400,
	"too-many-files": 400,
	"unknown-model": 400,
	"unknown-price": 400,
	"unknown-usage-meter": 400,
	"not-signed-in": 401,
	unauthorized: 401,
	"payment-declined": 402,
	"account-is-being-deleted": 403,
	"email-not-verified": 403,
	"foreign-origin": 403,
	"human-check-needed": 403,
	"not-allowed": 403,
	"not-in-your-plan": 403,
	"only-for-owners": 403,
	"scope-missing": 403,
	"proof-needed": 403,
	"chat-not-found": 404,
	"customer-not-found": 404,
	"folder-not-found": 404,
	"file-not-found": 404,
	"message-not-found": 404,
	"no-billing-portal": 404,
	"not-found": 404,
	"subscription-not-found": 404,
	"method-not-allowed": 405,
	"already-subscribed": 409,
	"an-answer-is-being-written": 409,
	"chat-has-moved-on": 409,
	"correction-contradicts-the-ledger": 409,
	"credits-are-kept-elsewhere": 409,
	"grant-contradicts-the-ledger": 409,
	"no-active-subscription-found": 409,
	"organization-needs-an-owner": 409,
	"payment-under-way": 409,
	"plan-cannot-start": 409,
	"plan-choice-needed": 409,
	"plan-has-changed": 409,
	"plan-is-ending": 409,
	"price-has-changed": 409,
	"signed-in-as-someone-else": 409,
	"request-id-already-used": 409,
	"chat-deleted": 410,
	"answer-not-kept": 409,
	"body-too-large": 413,
	"file-too-large": 413,
	"instructions-too-long": 413,
	"message-too-long": 413,
	"file-type-not-supported": 415,
	"misdirected-request": 421,
	"import-limit-reached": 429,
	"too-many-attempts": 429,
	"too-many-branches": 429,
	"too-many-folders": 429,
	"too-many-keys": 429,
	"too-many-readers": 429,
	"too-many-requests-at-once": 429,
	"too-many-shares": 429,
	"too-many-sign-ups": 429,
	"too-many-billing-requests": 429,
	"upload-limit-reached": 429,
	"usage-limit-reached": 429,
	"internal-error": 500,
	"billing-outcome-unknown": 502,
	"billing-unavailable": 502,
	"model-failed": 502,
	"usage-price-not-found-for-meter": 502,
	"billing-not-configured": 503,
	"billing-not-read": 503,
	"database-unavailable": 503,
	"issuer-unavailable": 503,
	"ledger-not-ready": 503,
	"model-busy": 503,
	"not-configured": 503,
	"webhooks-not-configured": 503,
	"billing-timed-out": 504,
} as const satisfies Record<string, number>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The message of a ledger that cannot decide yet. An error passed between objects keeps its message but loses its class. */
export const LEDGER_NOT_READY = "the ledger is adding up its requests";

/** The fields of a problem besides its code. `detail` explains this occurrence to the user or developer. */
export type ProblemFields = Omit<Problem, "type" | "title" | "status">;

/** A problem's title, in the reader's language. */
export const titleOf = (code: ProblemCode): string => t(`title_${code.replaceAll("-", "_")}` as TitleKey);

/** Titles have no parameters. */
type TitleKey = Extract<Key, `title_${string}`>;

/** The `type` URI of a problem. */
export const problemType = (code: ProblemCode) => `${URN}${code}`;

const URN = "urn:parley:problem:";

/** The code in a `type`. */
export const codeOf = (type: string): string => type.slice(URN.length);

/** Thrown while a request is parsed and authorized; `api()` turns it into the response. */
export class ProblemError extends Error {
	override name = "ProblemError";
	readonly code: ProblemCode;
	/** Start answers a failed server function with this status, and with `headers`. */
	readonly status: number;
	readonly detail: string;
	readonly headers: HeadersInit;
	/** What is known about plan and money; undefined if the request did not concern them. */
	readonly outcome: Outcome | undefined;

	constructor(code: ProblemCode, detail: string, headers: HeadersInit, outcome?: Outcome) {
		super(titleOf(code));
		this.code = code;
		this.status = PROBLEMS[code];
		this.detail = detail;
		this.headers = headers;
		this.outcome = outcome;
	}
}

/**
 * Ends a request with a problem.
 * @throws {ProblemError} always
 */
export function refuse(code: ProblemCode, detail: string, headers: HeadersInit = {}): never {
	throw new ProblemError(code, detail, headers);
}

/**
 * Ends a billing action with a problem that states what is known.
 * @throws {ProblemError} always
 */
export function refuseAction(code: ProblemCode, outcome: Outcome, detail: string): never {
	throw new ProblemError(code, detail, {}, outcome);
}

/** A problem as a response (RFC 9457). `requestId` defaults to a new UUID. */
export function problemResponse(code: ProblemCode, fields: ProblemFields, headers: HeadersInit = {}): Response {
	const status = PROBLEMS[code];
	const body: Problem = { type: problemType(code), title: titleOf(code), status, requestId: crypto.randomUUID(), ...fields };
	const response = Response.json(body, { status, headers });
	response.headers.set("content-type", "application/problem+json");
	return response;
}
