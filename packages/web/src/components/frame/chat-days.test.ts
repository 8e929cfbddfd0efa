import { describe, expect, test } from "vitest";
import type { ChatSummary } from "../../view/chat.ts";
import { byDay } from "./chat-days.ts";

const chat = (updatedAt: string, more: Partial<ChatSummary> = {}): ChatSummary => ({ id: updatedAt, title: updatedAt, updatedAt, ...more });
const nowMs = Date.parse("2026-11-29T10:00:00.000Z");
const labels = (chats: ChatSummary[], zone: string | null = null) =>
	byDay(chats, nowMs, zone).map((group) => [group.label, group.chats.length]);

describe("the list of chats by day", () => {
	test("has today, yesterday, the last seven days, then months, with the year if it is not the current one", () => {
		const chats = [
			"2026-11-29T00:00:00.000Z",
			"2026-11-28T23:59:59.999Z",
			"2026-11-27T12:00:00.000Z",
			"2026-11-22T00:00:00.000Z",
			"2026-11-21T23:59:59.999Z",
			"2026-10-31T12:00:00.000Z",
			"2025-11-29T12:00:00.000Z",
		].map((at) => chat(at));
		expect(labels(chats)).toEqual([
			["Today", 1],
			["Yesterday", 1],
			["Previous 7 days", 2],
			["November", 1],
			["October", 1],
			["November 2025", 1],
		]);
	});

	test("starts its days at the reader's midnight", () => {
		const lateInUtc = [chat("2026-11-28T23:30:00.000Z")];
		expect(labels(lateInUtc)).toEqual([["Yesterday", 1]]);
		// That was half past midnight one hour ahead of UTC. Ten hours behind UTC it is midnight now.
		expect(labels(lateInUtc, "Europe/Berlin")).toEqual([["Today", 1]]);
		expect(labels([chat("2026-11-29T09:59:00.000Z")], "Pacific/Honolulu")).toEqual([["Yesterday", 1]]);
	});

	test("uses the offset of each instant, which changes with daylight saving time", () => {
		expect(labels([chat("2026-09-30T22:30:00.000Z")], "Europe/Berlin")).toEqual([["October", 1]]);
	});

	test("lists pinned chats first, whenever they were used, and the newest first within a group", () => {
		const groups = byDay(
			[chat("2026-11-29T08:00:00.000Z"), chat("2026-11-29T09:00:00.000Z"), chat("2025-01-01T00:00:00.000Z", { pinned: true })],
			nowMs,
			null,
		);
		expect(groups.map((group) => [group.label, group.chats.map(({ id }) => id)])).toEqual([
			["Pinned", ["2025-01-01T00:00:00.000Z"]],
			["Today", ["2026-11-29T09:00:00.000Z", "2026-11-29T08:00:00.000Z"]],
		]);
	});

	test("lists a chat from a clock that is ahead under today", () => {
		expect(labels([chat("2026-11-30T12:00:00.000Z")])).toEqual([["Today", 1]]);
	});
});
