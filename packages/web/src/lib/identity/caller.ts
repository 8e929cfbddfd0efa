import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import type { Scope } from "../../view/api-key.ts";
import { refuse } from "../http/problem.ts";
import { isApiKey, userOfApiKey } from "./api-keys.ts";
import { userOfToken } from "./issuer.ts";
import type { User } from "./subject.ts";

/**
 * The API caller: the user of the key, or of the configured issuer's token, in `Authorization: Bearer …`. Sessions are ignored, so that no page
 * on another site can use one.
 * @throws {ProblemError} 401 without a valid key or token, 403 for a key without the scope, 503 while a token cannot be checked
 */
export async function callerOf(request: Request, scope: Scope): Promise<User> {
	const token = bearerOf(request);
	if (token === null) refuse("unauthorized", t("problem_key_missing"), CHALLENGE);
	const user = await userOfBearer(request, token);
	if (!user) refuse("unauthorized", t("problem_key_invalid"), CHALLENGE);
	if (user.credential?.scopes && !user.credential.scopes.includes(scope)) refuse("scope-missing", t("problem_key_scope", { scope }));
	return user;
}

/**
 * The user of the configured issuer's token, also on metered endpoints that pages use. Null without a token or a configured issuer.
 * @throws {ProblemError} 401 for an invalid token, because a client that authenticates is never counted as a guest; 503 while it cannot be checked
 */
export async function userOfIssuer(request: Request): Promise<User | null> {
	const { issuer } = config();
	const token = issuer && bearerOf(request);
	if (!issuer || token === null) return null;
	return (await userOfToken(request, token, issuer)) ?? refuse("unauthorized", t("problem_key_invalid"), CHALLENGE);
}

async function userOfBearer(request: Request, token: string): Promise<User | null> {
	if (isApiKey(token)) return userOfApiKey(request, token);
	const { issuer } = config();
	return issuer && userOfToken(request, token, issuer);
}

const CHALLENGE = { "www-authenticate": "bearer" };

/** A request's bearer token; null without one. */
function bearerOf(request: Request): string | null {
	return /^Bearer +(\S{1,16384})$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}
