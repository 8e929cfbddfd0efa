import { t } from "../../text/text.ts";
import type { Share } from "../../view/share.ts";
import { fetchOrThrow } from "../requests.ts";

/** The address of a shared chat, to copy. */
export const addressOf = (shareId: string): string => `${location.origin}/s/${shareId}`;

/** Shares what a chat shows now. `seen`: the last message that the page shows. Throws like `fetchOrThrow`. */
export async function shareChat(chatId: string, body: { files: boolean; seen: string | null }): Promise<Share> {
	const headers = { "content-type": "application/json" };
	const response = await fetchOrThrow(`/api/chat/${chatId}/share`, { method: "POST", headers, body: JSON.stringify(body) });
	const { share }: { share: Share } = await response.json();
	return share;
}

/** Ends a share. Resolves to a sentence when it failed. */
export async function stopSharing(shareId: string): Promise<string | undefined> {
	try {
		await fetchOrThrow(`/api/shares/${shareId}`, { method: "DELETE" });
	} catch (error) {
		return error instanceof Error ? error.message : t("share_stop_failed");
	}
}
