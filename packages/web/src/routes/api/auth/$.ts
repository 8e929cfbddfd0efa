import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { guardSignUp } from "../../../lib/http/sign-up.ts";
import { auth } from "../../../lib/identity/auth.ts";
import { isAuthRoute } from "../../../lib/identity/auth-routes.ts";
import { expiredGuestCookie } from "../../../lib/identity/guest-cookie.ts";
import { moveGuestToAccount } from "../../../lib/identity/guest-to-account.ts";
import { knownGuestKey } from "../../../lib/identity/subject.ts";
import { userKey } from "../../../lib/identity/subject-key.ts";
import { logFailure } from "../../../log.ts";

export const Route = createFileRoute("/api/auth/$")({
	server: { handlers: api({ GET: ({ request }) => answer(request), POST: ({ request }) => identify(request) }) },
});

const BODY_BYTES_MAX = 16 * 1024;

/**
 * better-auth's own response.
 * @throws ProblemError 404 for a path that better-auth does not have, which leaves no trace
 */
async function answer(request: Request): Promise<Response> {
	const { api: routes, handler } = auth(request);
	if (!isAuthRoute(routes, request.method, pathOf(request))) refuse("not-found", "There is nothing at this address.");
	return handler(request);
}

/** What follows `/api/auth` in a request's path. */
const pathOf = (request: Request) => new URL(request.url).pathname.slice("/api/auth".length);

/** Runs a better-auth route. Signing up or in moves the guest's usage and chats to the account. */
async function identify(request: Request): Promise<Response> {
	const body = await readText(request, BODY_BYTES_MAX);
	const run = () => answer(new Request(request.url, { method: "POST", headers: request.headers, body }));
	const response = pathOf(request).startsWith("/sign-up/") ? await guardSignUp(request, run) : await run();
	const signsIn = /\/sign-(up|in)\/email$/.test(new URL(request.url).pathname);
	const guest = signsIn && response.ok ? knownGuestKey(request) : null;
	if (!guest) return response;
	const { user } = await response.clone().json<{ user?: { id?: string } }>();
	if (!user?.id) return response;
	const account = userKey(user.id);
	try {
		await moveGuestToAccount(guest, account);
	} catch (error) {
		// The cookie stays, so the next page load moves the rest (lib/http/pages.ts).
		logFailure(`could not move the chats of ${guest} to ${account}`, error);
		return response;
	}
	const moved = new Response(response.body, response);
	moved.headers.append("set-cookie", expiredGuestCookie(request));
	return moved;
}
