export type RefusalCode = "BAD_REQUEST" | "NOT_FOUND" | "CONFLICT" | "FORBIDDEN" | "INTERNAL_SERVER_ERROR";

/** A request that Flowglad would refuse. The API answers `{error, code, request_id}` (flowglad.md l). */
export class Refusal extends Error {
	readonly code: RefusalCode;
	/** Whether the real service answers with this code. It turns every other domain error into a 500: see `domainErrorsAre500`. */
	readonly isStated: boolean;

	constructor(code: RefusalCode, message: string, { isStated = false }: { isStated?: boolean } = {}) {
		super(message);
		this.code = code;
		this.isStated = isStated;
	}
}

/** Runs work whose refusals keep their code, as in the real service's routes for customers, products and meters (trpcErrorHandler.ts). */
export function stated<T>(work: () => T): T {
	try {
		return work();
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		throw new Refusal(error.code, error.message, { isStated: true });
	}
}
