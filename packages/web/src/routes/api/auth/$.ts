import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertOwnTargets } from "../../../lib/http/wall.ts";
import { auth } from "../../../lib/identity/auth.ts";
import { expiredGuestCookie } from "../../../lib/identity/guest-cookie.ts";
import { moveGuestToAccount } from "../../../lib/identity/guest-to-account.ts";
import { assertOwnPage, knownGuestKey } from "../../../lib/identity/subject.ts";
import { userKey } from "../../../lib/identity/subject-key.ts";
import { logFailure } from "../../../log.ts";

export const Route = createFileRoute("/api/auth/$")({
	server: { handlers: api({ GET: ({ request }) => answer(request), POST: ({ request }) => identify(request) }) },
});

const BODY_BYTES_MAX = 16 * 1024;

/** better-auth's own response. It answers unknown paths with an empty 404, which becomes a problem. */
async function answer(request: Request): Promise<Response> {
	assertOwnTargets(request, new URL(request.url).searchParams);
	await assertOwnPage(request);
	const response = await auth(request).handler(request);
	if (response.status === 404 && !response.headers.has("content-type")) refuse("not-found", "There is nothing at this address.");
	return response;
}

/** The fields of a JSON or form body. better-auth refuses what is neither. */
function fieldsOf(body: string): Iterable<[string, unknown]> {
	try {
		return Object.entries(JSON.parse(body) ?? {});
	} catch {
		return new URLSearchParams(body);
	}
}

/** Runs a better-auth route. Signing up or in moves the guest's usage and chats to the account. */
async function identify(request: Request): Promise<Response> {
	const body = await readText(request, BODY_BYTES_MAX);
	assertOwnTargets(request, fieldsOf(body));
	const response = await answer(new Request(request.url, { method: "POST", headers: request.headers, body }));
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
