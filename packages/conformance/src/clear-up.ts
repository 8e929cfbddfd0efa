import { usageOf } from "./context.ts";
import type { Site } from "./http.ts";

const TIME_MAX_MS = 20_000;

/** The requests that a run used, and what it leaves behind. */
export interface Remains {
	/** Counted requests of guests. They come from this network's daily pool. */
	guestRequests: number;
	chats: number;
	/** Chats that could not be deleted. */
	chatsLeft: number;
}

/** Deletes every chat that has an answer, even after an interrupted run. Guests remain until the deployment deletes them. */
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
