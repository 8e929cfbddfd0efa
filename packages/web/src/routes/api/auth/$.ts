import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { auth } from "../../../lib/identity/auth.ts";
import { moveAtSignIn } from "../../../lib/identity/guest-to-account.ts";
import { userKey } from "../../../lib/identity/subject-key.ts";

export const Route = createFileRoute("/api/auth/$")({
	server: { handlers: api({ GET: ({ request }) => answer(request), POST: ({ request }) => identify(request) }) },
});

const BODY_BYTES_MAX = 16 * 1024;

/** better-auth's own response. It answers unknown paths with an empty 404, which becomes a problem. */
async function answer(request: Request): Promise<Response> {
	const response = await auth(request).handler(request);
	if (response.status === 404 && !response.headers.has("content-type")) refuse("not-found", "There is nothing at this address.");
	return response;
}

/** The routes by which someone signs in with a password in this browser. */
const SIGNS_IN = /\/(sign-up\/email|sign-in\/email|confirm-email)$/;

/** Runs a better-auth route. Signing up or in moves the guest's usage and chats to the account. */
async function identify(request: Request): Promise<Response> {
	const body = await readText(request, BODY_BYTES_MAX);
	const response = await answer(new Request(request.url, { method: "POST", headers: request.headers, body }));
	if (!response.ok || !SIGNS_IN.test(new URL(request.url).pathname)) return response;
	const { user } = await response.clone().json<{ user?: { id?: string } }>();
	if (!user?.id) return response;
	const arrived = new Response(response.body, response);
	for (const cookie of await moveAtSignIn(request, userKey(user.id))) arrived.headers.append("set-cookie", cookie);
	return arrived;
}
