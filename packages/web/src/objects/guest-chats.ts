import { logFailure } from "../log.ts";

/** Chats that one alarm ends. */
const CHATS_AT_ONCE = 25;

/**
 * Ends the chats of a guest whose life is over, a batch of them, and with the last one the list of chats. A chat leaves the list once it is gone, so the
 * next call continues there. Never throws: what cannot be reached waits for the next call.
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
