import { env } from "cloudflare:workers";
import { config } from "../../config.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { isLeaving } from "../deletion/deletions.ts";
import { refuse } from "../http/problem.ts";
import { expiredGuestCookies, mayMove, moveCookie } from "./guest-cookie.ts";
import { identify, knownGuestKey, newGuest, type Subject } from "./subject.ts";
import type { GuestKey, UserKey } from "./subject-key.ts";
import { PAGE_HEADER } from "./viewer-tag.ts";

/**
 * Moves this browser's guest to the account that has just signed in or up in it. Never throws: after a failure, the next page loads
 * retry the move.
 * @returns the `Set-Cookie` values for the response
 */
export async function moveAtSignIn(request: Request, user: UserKey): Promise<string[]> {
	const guest = knownGuestKey(request);
	if (!guest) return [];
	// An account being deleted receives nothing. If it is kept, the next page moves the chats.
	if (!(await isLeaving(user)) && (await isMoved(guest, user))) return expiredGuestCookies(request);
	return [moveCookie(request, guest, user, config().guestCookieSecrets[0], Date.now())];
}

/**
 * Retries a move that failed at a sign-in within the last ten minutes. A guest cookie together with a session is not enough, because the
 * session may belong to someone else. Never throws.
 * @returns the `Set-Cookie` values for the response
 */
export async function repeatMove(request: Request, user: UserKey): Promise<string[]> {
	const guest = knownGuestKey(request);
	if (!guest || !mayMove(request, guest, user, config().guestCookieSecrets, Date.now())) return [];
	return (await isMoved(guest, user)) ? expiredGuestCookies(request) : [];
}

/**
 * Refuses a request from a guest who has since signed up or in: it was sent before the response arrived, or the response was lost. Call it before
 * any other refusal, because a closed guest has no requests and no chats left.
 * @throws {ProblemError} 409, which makes the page reload
 */
export async function assertStillGuest(subject: Subject): Promise<void> {
	if ((await accountOf(subject)) === null) return;
	refuse("signed-in-as-someone-else", t("problem_signed_up_since"), {
		[PAGE_HEADER]: "someone-else",
	});
}

/**
 * The viewer of a page. A guest who has become an account is replaced by a new one once the move is finished. Otherwise a browser that missed
 * the response to its sign-up would keep a closed guest.
 */
export async function viewerOfPage(request: Request): Promise<Subject> {
	const subject = await identify(request);
	const account = await accountOf(subject);
	if (subject.kind !== "guest" || account === null) return subject;
	return (await isMoved(subject.key, account)) ? newGuest(request) : subject;
}

/** The account that a guest has become, or null. */
async function accountOf(subject: Subject): Promise<UserKey | null> {
	if (subject.kind !== "guest" || subject.setCookie !== null) return null;
	return (await env.USAGE_LEDGER.getByName(subject.key).closedInFavourOf()) as UserKey | null;
}

async function isMoved(guest: GuestKey, user: UserKey): Promise<boolean> {
	try {
		await moveGuestToAccount(guest, user);
		return true;
	} catch (error) {
		logFailure(`could not move the chats of ${guest} to ${user}`, error);
		return false;
	}
}

/**
 * Moves a guest's units of the current UTC day and chats to an account, and closes the guest's ledger so that only one account can take them.
 * Each step is idempotent, so a move that failed halfway can be retried. A chat that starts meanwhile follows on its own (objects/conversation.ts).
 */
async function moveGuestToAccount(guest: GuestKey, user: UserKey): Promise<void> {
	const units = await env.USAGE_LEDGER.getByName(guest).close(guest, user);
	if (units === null) return;
	await env.USAGE_LEDGER.getByName(user).carryOver(user, guest, units);
	const guestList = env.CHAT_LIST.getByName(guest);
	// Lists are read in pages, so read until empty. Each chat lists itself with its new owner. From here on the old list accepts no chat; a late one
	// follows on its own.
	for (let page = await guestList.moveTo(user); page.chats.length > 0; page = await guestList.every()) {
		for (const { id, pinned, archived, deleted } of page.chats) {
			const isMoved = await env.CONVERSATION.getByName(id).moveTo(guest, user);
			if (isMoved && (pinned || archived || deleted)) await env.CHAT_LIST.getByName(user).mark(user, id, { pinned, archived, deleted });
			await guestList.remove(id);
		}
	}
}
