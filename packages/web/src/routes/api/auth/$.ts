import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { guardSignUp } from "../../../lib/http/sign-up.ts";
import { assertOwnTargets } from "../../../lib/http/wall.ts";
import { auth } from "../../../lib/identity/auth.ts";
import { withinBounds } from "../../../lib/identity/auth-bounds.ts";
import { admittedUrl, authPathOf, bodyOf, invalidField } from "../../../lib/identity/auth-routes.ts";
import { moveAtSignIn } from "../../../lib/identity/guest-to-account.ts";
import { session } from "../../../lib/identity/session.ts";
import { assertOwnPage } from "../../../lib/identity/subject.ts";
import { userKey } from "../../../lib/identity/subject-key.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/auth/$")({
	server: { handlers: api({ GET: ({ request }) => answer(admitRead(request)), POST: ({ request }) => identify(request) }) },
});

const BODY_BYTES_MAX = 16 * 1024;

/** The routes by which someone signs in with a password in this browser. */
const SIGNS_IN = new Set(["sign-up/email", "sign-in/email", "confirm-email"]);

const notFound = () => refuse("not-found", t("problem_nothing_here"));

/** The routes that an account which is being deleted still has: those by which someone signs in, and out again. */
const WHILE_LEAVING = new Set([...SIGNS_IN, "sign-out", "get-session", "send-verification-email", "verify-email", "error", "ok"]);

/** better-auth's own response. @throws {ProblemError} 403 for an account that is being deleted, 409 for a request from a page of another viewer, 503 while the database does not answer */
async function answer(request: Request): Promise<Response> {
	await assertOwnPage(request);
	if (!WHILE_LEAVING.has(authPathOf(request))) await session(request);
	const response = await auth(request).handler(request);
	// better-auth does not say that it could not read a session because of the database.
	if (response.status >= 500) await session(request);
	return response;
}

/** Signing up is guarded: it opens an allowance. */
const guardedAnswer = (request: Request, sent: Request): Promise<Response> =>
	authPathOf(request) === "sign-up/email" ? guardSignUp(request, () => answer(sent)) : answer(sent);

/** A GET with the parameters that its route takes. @throws {ProblemError} 404 for a route that this product does not use */
function admitRead(request: Request): Request {
	const url = admittedUrl(request) ?? notFound();
	assertOwnTargets(request, new URL(request.url).searchParams);
	return new Request(url, request);
}

/**
 * A POST with the fields that its route takes, checked, or the response that names the invalid one.
 * @throws {ProblemError} 400 if the body is not JSON, 404 for a route that this product does not use, 413 if it is too large
 */
async function admitWrite(request: Request): Promise<{ sent: Request; body: Record<string, unknown> } | Response> {
	const schema = bodyOf(request) ?? notFound();
	const text = await readText(request, BODY_BYTES_MAX);
	const parsed = schema.safeParse(parseJson(text));
	if (!parsed.success) return Response.json(invalidField(parsed.error), { status: 400 });
	assertOwnTargets(request, Object.entries(parsed.data));
	const headers = new Headers(request.headers);
	headers.delete("content-length");
	if (text === "") headers.set("content-type", "application/json");
	const { origin, pathname } = new URL(request.url);
	return { sent: new Request(origin + pathname, { method: "POST", headers, body: JSON.stringify(parsed.data) }), body: parsed.data };
}

function parseJson(text: string): unknown {
	try {
		return text === "" ? {} : JSON.parse(text);
	} catch {
		return refuse("invalid-json", t("problem_invalid_json"));
	}
}

/** Runs a better-auth route. Signing up or in moves the guest's usage and chats to the account. */
async function identify(request: Request): Promise<Response> {
	const admitted = await admitWrite(request);
	if (admitted instanceof Response) return admitted;
	const response = await withinBounds(request, admitted.body, () => guardedAnswer(request, admitted.sent));
	if (!response.ok || !SIGNS_IN.has(authPathOf(request))) return response;
	const { user } = await response.clone().json<{ user?: { id?: string } }>();
	if (!user?.id) return response;
	const arrived = new Response(response.body, response);
	for (const cookie of await moveAtSignIn(request, userKey(user.id))) arrived.headers.append("set-cookie", cookie);
	return arrived;
}
