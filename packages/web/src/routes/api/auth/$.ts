import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { auth } from "../../../lib/identity/auth.ts";
import { moveGuestToAccount } from "../../../lib/identity/guest-to-account.ts";
import { endGuestCookie, guestOf } from "../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/auth/$")({
	server: { handlers: api({ GET: ({ request }) => answer(request), POST: ({ request }) => identity(request) }) },
});

const BODY_BYTES_MAX = 16 * 1024;

/** better-auth's own answer; where it knows nothing, it says so without a body. */
async function answer(request: Request): Promise<Response> {
	const response = await auth(request).handler(request);
	if (response.status === 404 && !response.headers.has("content-type")) refuse("not-found", "There is nothing at this address.");
	return response;
}

/** better-auth's routes. Whoever signs up or in takes along what they had as a guest. */
async function identity(request: Request): Promise<Response> {
	const body = await readText(request, BODY_BYTES_MAX);
	const response = await answer(new Request(request.url, { method: "POST", headers: request.headers, body }));
	const enters = /\/sign-(up|in)\/email$/.test(new URL(request.url).pathname);
	const guest = enters && response.ok ? await guestOf(request) : null;
	if (!guest) return response;
	const { user } = await response.clone().json<{ user?: { id?: string } }>();
	if (!user?.id) return response;
	try {
		await moveGuestToAccount(guest.key, `user:${user.id}`);
	} catch (error) {
		// The cookie stays: the next page that is loaded moves what is left (lib/pages.ts).
		console.error(`chats of ${guest.key} could not be moved to user:${user.id}: ${error}`);
		return response;
	}
	const moved = new Response(response.body, response);
	moved.headers.append("set-cookie", endGuestCookie(request));
	return moved;
}
