import { env } from "cloudflare:workers";
import type { GuestKey, UserKey } from "./subject-key.ts";

/**
 * Moves a guest's units of the current UTC day and chats to an account, and closes the guest's ledger so that only one account can take them.
 * Each step is idempotent, so a move that failed halfway can be repeated.
 */
export async function moveGuestToAccount(guest: GuestKey, user: UserKey): Promise<void> {
	const units = await env.USAGE_LEDGER.getByName(guest).close(guest, user);
	if (units === null) return;
	await env.USAGE_LEDGER.getByName(user).carryOver(user, guest, units);
	const guestList = env.CHAT_LIST.getByName(guest);
	const userList = env.CHAT_LIST.getByName(user);
	for (const chat of await guestList.list()) {
		if (await env.CONVERSATION.getByName(chat.id).moveTo(guest, user)) await userList.put(chat);
		await guestList.remove(chat.id);
	}
}
