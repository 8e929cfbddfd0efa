export type RefusalCode = "BAD_REQUEST" | "NOT_FOUND" | "CONFLICT" | "FORBIDDEN" | "INTERNAL_SERVER_ERROR";

/** What Flowglad would refuse; the API turns it into `{error, code, request_id}` (flowglad.md l). */
export class Refusal extends Error {
	readonly code: RefusalCode;

	constructor(code: RefusalCode, message: string) {
		super(message);
		this.code = code;
	}
}
