import { logFailure } from "../log.ts";

/** Chats removed per alarm. */
const CHATS_AT_ONCE = 25;

/**
 * Removes a batch of an expired guest's chats, and with the last one the chat list. A chat leaves the list once it is gone, so the
 * next call continues there. Never throws: unreachable chats wait for the next call.
 * @returns whether nothing is left
 */
export async function endChatsOf({ CHAT_LIST, CONVERSATION }: Cloudflare.Env, guest: string): Promise<boolean> {
	const list = CHAT_LIST.getByName(guest);
	try {
		const { chats } = await list.every();
		for (const { id } of chats.slice(0, CHATS_AT_ONCE)) {
			await CONVERSATION.getByName(id).end(guest);
			await list.remove(id);
		}
		if (chats.length > CHATS_AT_ONCE) return false;
		await list.end();
		return true;
	} catch (error) {
		logFailure(`the chats of ${guest} could not be ended`, error);
		return false;
	}
}
