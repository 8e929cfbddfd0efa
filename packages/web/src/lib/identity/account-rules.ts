import { APIError } from "better-auth/api";
import { nameRule } from "../../name-rule.ts";
import { nameOf } from "./names.ts";

/**
 * Validates a user's name before it is written, on every route. An absent name is left unchanged.
 * @throws {APIError} 400
 */
export function assertUserName(name: unknown): void {
	if (name !== undefined && nameOf(name) === null) throw new APIError("BAD_REQUEST", { code: "INVALID_NAME", message: nameRule() });
}
