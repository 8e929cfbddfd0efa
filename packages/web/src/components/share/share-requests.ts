import { t } from "../../text/text.ts";
import type { Share } from "../../view/share.ts";
import { fetchOrThrow } from "../requests.ts";

/** The address of a shared chat, for copying. */
export const addressOf = (shareId: string): string => `${location.origin}/s/${shareId}`;

/** Shares the current state of a chat. `seen`: the last message on the page. Throws like `fetchOrThrow`. */
export async function shareChat(chatId: string, body: { files: boolean; seen: string | null }): Promise<Share> {
	const headers = { "content-type": "application/json" };
	const response = await fetchOrThrow(`/api/chat/${chatId}/share`, { method: "POST", headers, body: JSON.stringify(body) });
	const { share }: { share: Share } = await response.json();
	return share;
}

/** Ends a share. Resolves to an error message on failure. */
export async function stopSharing(shareId: string): Promise<string | undefined> {
	try {
		await fetchOrThrow(`/api/shares/${shareId}`, { method: "DELETE" });
	} catch (error) {
		return error instanceof Error ? error.message : t("share_stop_failed");
	}
}
