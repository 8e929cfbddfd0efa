import type { ChatSummary } from "../../view/chat.ts";

/** Chats under one heading of the list. */
export interface ChatGroup {
	label: string;
	chats: ChatSummary[];
}

const DAY_MS = 86_400_000;

/** Minutes by which a zone is behind UTC at an instant, as `Date.getTimezoneOffset` tells them. */
export type Offset = (atMs: number) => number;

export const utc: Offset = () => 0;
export const readersZone: Offset = (atMs) => new Date(atMs).getTimezoneOffset();

/** The chats as the list shows them: those that are pinned, then by the day of their last use, the newest first, and by months before the last week. */
export function byDay(chats: readonly ChatSummary[], nowMs: number, offset: Offset): ChatGroup[] {
	const groups = new Map<string, ChatSummary[]>();
	for (const chat of chats.toSorted(pinnedThenNewest)) {
		const label = chat.pinned ? "Pinned" : dayLabel(Date.parse(chat.updatedAt), nowMs, offset);
		groups.set(label, [...(groups.get(label) ?? []), chat]);
	}
	return Array.from(groups, ([label, grouped]) => ({ label, chats: grouped }));
}

function dayLabel(atMs: number, nowMs: number, offset: Offset): string {
	const local = (instantMs: number) => instantMs - offset(instantMs) * 60_000;
	const dayOf = (instantMs: number) => Math.floor(local(instantMs) / DAY_MS);
	const daysAgo = dayOf(nowMs) - dayOf(atMs);
	// Another machine's clock may be ahead.
	if (daysAgo <= 0) return "Today";
	if (daysAgo === 1) return "Yesterday";
	if (daysAgo <= 7) return "Previous 7 days";
	const [at, now] = [new Date(local(atMs)), new Date(local(nowMs))];
	const year = at.getUTCFullYear() === now.getUTCFullYear() ? undefined : ("numeric" as const);
	return at.toLocaleDateString("en", { month: "long", year, timeZone: "UTC" });
}

const pinnedThenNewest = (a: ChatSummary, b: ChatSummary): number =>
	Number(b.pinned ?? false) - Number(a.pinned ?? false) || (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0);
