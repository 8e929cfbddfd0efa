import { usageOf } from "./context.ts";
import type { Site } from "./http.ts";

const TIME_MAX_MS = 20_000;

/** What a run has used and left. */
export interface Remains {
	/** Requests of guests that were counted: they come from the pool of this network's day. */
	guestRequests: number;
	chats: number;
	/** Chats that could not be deleted; they stay. */
	chatsLeft: number;
}

/** Deletes every chat that was answered in, also after a run that was cut off. Guests stay: a deployment forgets them by itself. */
export async function clearUp(site: Site): Promise<Remains> {
	site.deadline = AbortSignal.timeout(TIME_MAX_MS);
	let guestRequests = site.guestRequestsMoved;
	for (const client of new Set(site.chats.values())) {
		const usage = await usageOf(client).catch(() => null);
		if (usage?.tier === "guest") guestRequests += usage.used;
	}
	let chatsLeft = 0;
	for (const [chatId, client] of site.chats) {
		const gone = await client.read(`/api/chat/${chatId}`, { method: "DELETE" }).catch(() => null);
		if (gone?.status !== 204 && gone?.status !== 404) chatsLeft += 1;
	}
	return { guestRequests, chats: site.chats.size, chatsLeft };
}
