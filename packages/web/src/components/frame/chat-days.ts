import { dayNumber, monthName, type Zone } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { ChatSummary } from "../../view/chat.ts";

/** Chats under one heading of the list. */
export interface ChatGroup {
	label: string;
	chats: ChatSummary[];
}

/** Groups the chats for the list: pinned ones, then by day of last use, the newest first, and by month before the last week. */
export function byDay(chats: readonly ChatSummary[], nowMs: number, zone: Zone): ChatGroup[] {
	const groups = new Map<string, ChatSummary[]>();
	for (const chat of chats.toSorted(pinnedThenNewest)) {
		const label = chat.pinned ? t("list_pinned") : dayLabel(Date.parse(chat.updatedAt), nowMs, zone);
		groups.set(label, [...(groups.get(label) ?? []), chat]);
	}
	return Array.from(groups, ([label, grouped]) => ({ label, chats: grouped }));
}

function dayLabel(atMs: number, nowMs: number, zone: Zone): string {
	const [day, today] = [dayNumber(atMs, zone), dayNumber(nowMs, zone)];
	const daysAgo = today - day;
	// Another machine's clock may be ahead.
	if (daysAgo <= 0) return t("list_today");
	if (daysAgo === 1) return t("list_yesterday");
	return daysAgo <= 7 ? t("list_previous_7_days") : monthName(day, today);
}

const pinnedThenNewest = (a: ChatSummary, b: ChatSummary): number =>
	Number(b.pinned ?? false) - Number(a.pinned ?? false) || (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0);
