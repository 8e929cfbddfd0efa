import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { guardSignUp } from "../../../lib/http/sign-up.ts";
import { assertOwnTargets } from "../../../lib/http/wall.ts";
import { auth } from "../../../lib/identity/auth.ts";
import { withinBounds } from "../../../lib/identity/auth-bounds.ts";
import { ASKS_FOR_PROOF, admittedUrl, authPathOf, bodyOf, invalidField, WHILE_LEAVING } from "../../../lib/identity/auth-routes.ts";
import { setCookie } from "../../../lib/identity/cookies.ts";
import { tellOfChange } from "../../../lib/identity/email/way-in-mail.ts";
import { moveAtSignIn } from "../../../lib/identity/guest-to-account.ts";
import { type Proofs, proofsOfOneRequest, SECOND_FACTOR_SECONDS } from "../../../lib/identity/proofs.ts";
import { assertRecentProof } from "../../../lib/identity/recent-proof.ts";
import { session } from "../../../lib/identity/session.ts";
import { assertOwnPage } from "../../../lib/identity/subject.ts";
import { userKey } from "../../../lib/identity/subject-key.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/auth/$")({
	server: { handlers: api({ GET: ({ request }) => read(request), POST: ({ request }) => write(request) }) },
});

const BODY_BYTES_MAX = 16 * 1024;

const notFound = () => refuse("not-found", t("problem_nothing_here"));

/**
 * better-auth's own response.
 * @throws {ProblemError} 403 for an account being deleted, 409 for a request from a page of another viewer, 503 while the database does not answer
 */
async function answer(request: Request, proofs: Proofs): Promise<Response> {
	await assertOwnPage(request);
	if (!WHILE_LEAVING.has(authPathOf(request))) await session(request);
	const response = await auth(request, proofs).handler(request);
	for (const fault of proofs.faults) throw fault;
	// better-auth does not report that the database prevented reading a session.
	if (response.status >= 500) await session(request);
	return response;
}

/** Sign-up is guarded, because an account has an allowance. */
const guardedAnswer = (request: Request, sent: Request, proofs: Proofs): Promise<Response> =>
	authPathOf(request) === "sign-up/email" ? guardSignUp(request, () => answer(sent, proofs)) : answer(sent, proofs);

/** A GET with only its route's parameters. @throws {ProblemError} 404 for a route this product does not use */
function admitRead(request: Request): Request {
	const url = admittedUrl(request) ?? notFound();
	assertOwnTargets(request, new URL(request.url).searchParams);
	return new Request(url, request);
}

/**
 * A POST with only its route's fields, validated, or a response naming the invalid field.
 * @throws {ProblemError} 400 if the body is not JSON, 404 for a route this product does not use, 413 if it is too large
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

/** Runs a GET of better-auth, such as the return from a provider. */
const read = (request: Request): Promise<Response> => telling(request, (proofs) => answer(admitRead(request), proofs));

/** Runs a POST of better-auth. */
async function write(request: Request): Promise<Response> {
	const admitted = await admitWrite(request);
	if (admitted instanceof Response) return admitted;
	if (ASKS_FOR_PROOF.has(authPathOf(request))) await assertRecentProof(request);
	return telling(request, (proofs) => withinBounds(request, admitted.body, () => guardedAnswer(request, admitted.sent, proofs)));
}

/** Notifies an account's owner of changed sign-in methods, even if the request failed after the change. */
async function telling(request: Request, run: (proofs: Proofs) => Promise<Response>): Promise<Response> {
	const proofs = proofsOfOneRequest();
	try {
		return await arrive(request, await run(proofs), proofs);
	} finally {
		for (const change of proofs.changes) tellOfChange(request, change);
	}
}

/**
 * Completes the response of every sign-in method: if it opened a session in this browser, the guest's usage and chats move to the account. A first
 * factor that still needs the second is remembered.
 */
async function arrive(request: Request, response: Response, { opened, pending, cookies }: Proofs): Promise<Response> {
	if (opened === null && pending === null && cookies.length === 0) return response;
	const arrived = new Response(response.body, response);
	for (const cookie of cookies) arrived.headers.append("set-cookie", cookie);
	if (pending !== null) arrived.headers.append("set-cookie", setCookie(request, "second", pending, SECOND_FACTOR_SECONDS));
	if (opened === null || response.status >= 400) return arrived;
	for (const cookie of await moveAtSignIn(request, userKey(opened))) arrived.headers.append("set-cookie", cookie);
	return arrived;
}
