import type { Outcome, Problem } from "../../view/problem.ts";

/**
 * Every problem that our own routes answer with (RFC 9457): its code, HTTP status and title. The code is the stable name: `type` is built from it and
 * clients may branch on it; the title is only text. docs/operations.md explains each one (problem.test.ts compares them).
 */
export const PROBLEMS = {
	"invalid-json": { status: 400, title: "Invalid JSON" },
	"invalid-request": { status: 400, title: "Invalid request" },
	"invalid-signature": { status: 400, title: "Invalid signature" },
	"nothing-to-buy": { status: 400, title: "Nothing to buy" },
	"not-readable-by-model": { status: 400, title: "Not readable by the model" },
	"search-not-offered": { status: 400, title: "Search not offered" },
	"too-many-files": { status: 400, title: "Too many files" },
	"unknown-model": { status: 400, title: "Unknown model" },
	"unknown-price": { status: 400, title: "Unknown price" },
	"unknown-usage-meter": { status: 400, title: "Unknown usage meter" },
	"not-signed-in": { status: 401, title: "Not signed in" },
	unauthorized: { status: 401, title: "Unauthorized" },
	"payment-declined": { status: 402, title: "Payment declined" },
	"email-not-verified": { status: 403, title: "Email not verified" },
	"foreign-origin": { status: 403, title: "Foreign origin" },
	"human-check-needed": { status: 403, title: "Human check needed" },
	"not-allowed": { status: 403, title: "Not allowed" },
	"not-in-your-plan": { status: 403, title: "Not in your plan" },
	"only-for-owners": { status: 403, title: "Only for owners" },
	"chat-not-found": { status: 404, title: "Chat not found" },
	"customer-not-found": { status: 404, title: "Customer not found" },
	"folder-not-found": { status: 404, title: "Folder not found" },
	"file-not-found": { status: 404, title: "File not found" },
	"message-not-found": { status: 404, title: "Message not found" },
	"no-billing-portal": { status: 404, title: "No billing portal" },
	"not-found": { status: 404, title: "Not found" },
	"subscription-not-found": { status: 404, title: "Subscription not found" },
	"method-not-allowed": { status: 405, title: "Method not allowed" },
	"already-subscribed": { status: 409, title: "Already subscribed" },
	"an-answer-is-being-written": { status: 409, title: "An answer is being written" },
	"chat-has-moved-on": { status: 409, title: "Chat has moved on" },
	"correction-contradicts-the-ledger": { status: 409, title: "Correction contradicts the ledger" },
	"credits-are-kept-elsewhere": { status: 409, title: "Credits are kept elsewhere" },
	"grant-contradicts-the-ledger": { status: 409, title: "Grant contradicts the ledger" },
	"no-active-subscription-found": { status: 409, title: "No active subscription found" },
	"payment-under-way": { status: 409, title: "Payment under way" },
	"plan-cannot-start": { status: 409, title: "Plan cannot start" },
	"plan-has-changed": { status: 409, title: "Plan has changed" },
	"plan-is-ending": { status: 409, title: "Plan is ending" },
	"price-has-changed": { status: 409, title: "Price has changed" },
	"signed-in-as-someone-else": { status: 409, title: "Signed in as someone else" },
	"request-id-already-used": { status: 409, title: "Request id already used" },
	"chat-deleted": { status: 410, title: "Chat deleted" },
	"body-too-large": { status: 413, title: "Body too large" },
	"file-too-large": { status: 413, title: "File too large" },
	"instructions-too-long": { status: 413, title: "Instructions too long" },
	"message-too-long": { status: 413, title: "Message too long" },
	"file-type-not-supported": { status: 415, title: "File type not supported" },
	"misdirected-request": { status: 421, title: "Misdirected request" },
	"import-limit-reached": { status: 429, title: "Import limit reached" },
	"too-many-attempts": { status: 429, title: "Too many attempts" },
	"too-many-branches": { status: 429, title: "Too many branches" },
	"too-many-folders": { status: 429, title: "Too many folders" },
	"too-many-readers": { status: 429, title: "Too many readers" },
	"too-many-requests-at-once": { status: 429, title: "Too many requests at once" },
	"too-many-shares": { status: 429, title: "Too many shared chats" },
	"too-many-sign-ups": { status: 429, title: "Too many sign-ups" },
	"too-many-billing-requests": { status: 429, title: "Too many billing requests" },
	"upload-limit-reached": { status: 429, title: "Upload limit reached" },
	"usage-limit-reached": { status: 429, title: "Usage limit reached" },
	"internal-error": { status: 500, title: "Internal error" },
	"billing-outcome-unknown": { status: 502, title: "Outcome unknown" },
	"billing-unavailable": { status: 502, title: "Billing unavailable" },
	"usage-price-not-found-for-meter": { status: 502, title: "Usage price not found for meter" },
	"billing-not-configured": { status: 503, title: "Billing not configured" },
	"billing-not-read": { status: 503, title: "Billing unavailable" },
	"database-unavailable": { status: 503, title: "Database unavailable" },
	"ledger-not-ready": { status: 503, title: "Ledger not ready" },
	"not-configured": { status: 503, title: "Not configured" },
	"webhooks-not-configured": { status: 503, title: "Webhooks not configured" },
	"billing-timed-out": { status: 504, title: "Billing unavailable" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The message by which a ledger refuses a call until it can decide. Between objects an error keeps its message, and loses its class. */
export const LEDGER_NOT_READY = "the ledger is adding up its requests";

/** The fields of a problem besides its code. `detail` explains this occurrence to the user or developer. */
export type ProblemFields = Omit<Problem, "type" | "title" | "status">;

/** The `type` URI of a problem. */
export const problemType = (code: ProblemCode) => `urn:parley:problem:${code}`;

/** Thrown while a request is parsed and authorized; `api()` turns it into the response. */
export class ProblemError extends Error {
	override name = "ProblemError";
	readonly code: ProblemCode;
	/** Start answers a failed server function with this status, and with `headers`. */
	readonly status: number;
	readonly detail: string;
	readonly headers: HeadersInit;
	/** What is known about plan and money; undefined where the request was not about them. */
	readonly outcome: Outcome | undefined;

	constructor(code: ProblemCode, detail: string, headers: HeadersInit, outcome?: Outcome) {
		super(PROBLEMS[code].title);
		this.code = code;
		this.status = PROBLEMS[code].status;
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
 * Ends an action on billing with a problem that says what is known.
 * @throws {ProblemError} always
 */
export function refuseAction(code: ProblemCode, outcome: Outcome, detail: string): never {
	throw new ProblemError(code, detail, {}, outcome);
}

/** A problem as a response (RFC 9457). `requestId` defaults to a new UUID. */
export function problemResponse(code: ProblemCode, fields: ProblemFields, headers: HeadersInit = {}): Response {
	const { status, title } = PROBLEMS[code];
	const body: Problem = { type: problemType(code), title, status, requestId: crypto.randomUUID(), ...fields };
	const response = Response.json(body, { status, headers });
	response.headers.set("content-type", "application/problem+json");
	return response;
}
