export type RefusalCode = "BAD_REQUEST" | "NOT_FOUND" | "CONFLICT" | "FORBIDDEN" | "INTERNAL_SERVER_ERROR";

/** A request that Flowglad would refuse. The API answers `{error, code, request_id}` (flowglad.md l). */
export class Refusal extends Error {
	readonly code: RefusalCode;

	constructor(code: RefusalCode, message: string) {
		super(message);
		this.code = code;
	}
}
