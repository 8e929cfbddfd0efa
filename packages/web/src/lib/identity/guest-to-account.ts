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
 * Moves this browser's guest to the account that was just signed in to or signed up for in it. Never throws: after a failure, the next page
 * loads repeat the move.
 * @returns the `Set-Cookie` values to answer with
 */
export async function moveAtSignIn(request: Request, user: UserKey): Promise<string[]> {
	const guest = knownGuestKey(request);
	if (!guest) return [];
	// An account that is being deleted takes nothing. If it is kept, the next page moves the chats.
	if (!(await isLeaving(user)) && (await isMoved(guest, user))) return expiredGuestCookies(request);
	return [moveCookie(request, guest, user, config().guestCookieSecrets[0], Date.now())];
}

/**
 * Repeats a move that failed at a sign-in of the last ten minutes. A guest's cookie beside a session is not enough: the session may be
 * somebody else's. Never throws.
 * @returns the `Set-Cookie` values to answer with
 */
export async function repeatMove(request: Request, user: UserKey): Promise<string[]> {
	const guest = knownGuestKey(request);
	if (!guest || !mayMove(request, guest, user, config().guestCookieSecrets, Date.now())) return [];
	return (await isMoved(guest, user)) ? expiredGuestCookies(request) : [];
}

/**
 * Refuses a request of a guest who has signed up or in since: it left before the answer arrived, or the answer was lost. Call it before any other
 * refusal, because a closed guest has no requests and no chats left.
 * @throws {ProblemError} 409, at which the page loads again
 */
export async function assertStillGuest(subject: Subject): Promise<void> {
	if ((await accountOf(subject)) === null) return;
	refuse("signed-in-as-someone-else", t("problem_signed_up_since"), {
		[PAGE_HEADER]: "someone-else",
	});
}

/**
 * The viewer of a page. A guest who has become an account is replaced by a new one, after the move is finished: a browser that missed the answer to
 * its sign-up would otherwise be left with a guest who can do nothing.
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
 * Each step is idempotent, so a move that failed halfway can be repeated. A chat that starts meanwhile follows by itself (objects/conversation.ts).
 */
async function moveGuestToAccount(guest: GuestKey, user: UserKey): Promise<void> {
	const units = await env.USAGE_LEDGER.getByName(guest).close(guest, user);
	if (units === null) return;
	await env.USAGE_LEDGER.getByName(user).carryOver(user, guest, units);
	const guestList = env.CHAT_LIST.getByName(guest);
	// A list is read by pages, so it is read until it is empty. Each chat lists itself with its new owner. From here on the list takes no chat: one that
	// comes too late follows by itself.
	for (let page = await guestList.moveTo(user); page.chats.length > 0; page = await guestList.every()) {
		for (const { id, pinned, archived, deleted } of page.chats) {
			const isMoved = await env.CONVERSATION.getByName(id).moveTo(guest, user);
			if (isMoved && (pinned || archived || deleted)) await env.CHAT_LIST.getByName(user).mark(user, id, { pinned, archived, deleted });
			await guestList.remove(id);
		}
	}
}
