import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatSummary } from "../../view/chat.ts";
import { answered, begun, type ChatChange, type ChatChanges, changing, type LoadedShell, listed, NO_CHANGES } from "./chat-changes.ts";

const chat = (id: string, title = id): ChatSummary => ({ id, title, updatedAt: "2026-11-30T12:00:00.000Z" });
const loaded = (askedAtMs: number, ...chats: ChatSummary[]) => ({ askedAtMs, chats }) as LoadedShell;
const titles = (changes: ChatChanges, shell: LoadedShell) => listed(changes, shell, []).map(({ title }) => title);

const first = loaded(1_000, chat("a"), chat("b"));

test("a change shows at once, and overrides data requested before the server answered it", () => {
	const asked = changing(NO_CHANGES, first, "a", { folder: "f" });
	expect(titles(asked, first)).toEqual(["b"]);
	expect(titles(asked, loaded(2_000, chat("a"), chat("b")))).toEqual(["b"]);
	const done = answered(asked, "a", 3_000);
	expect(titles(done, loaded(2_000, chat("a"), chat("b")))).toEqual(["b"]);
});

test.each<[string, ChatChange]>([
	["moved to a folder that was deleted since", { folder: "f" }],
	["archived, and brought back elsewhere", { archived: true }],
	["deleted, and brought back elsewhere", { deleted: true }],
	["renamed, and renamed elsewhere since", { title: "mine" }],
])("data requested after a change override a chat that was %s", (_, change) => {
	const done = answered(changing(NO_CHANGES, first, "a", change), "a", 3_000);
	expect(titles(done, loaded(3_001, chat("a", "theirs"), chat("b")))).toEqual(["theirs", "b"]);
});

test("a refused change restores the list", () => {
	const refused = answered(changing(NO_CHANGES, first, "a", { deleted: true }), "a", 3_000, {});
	expect(titles(refused, first)).toEqual(["a", "b"]);
});

test("a chat begun on this page is listed first until loaded data contain it", () => {
	const changes = begun(NO_CHANGES, first, chat("new"));
	expect(titles(changes, first)).toEqual(["new", "a", "b"]);
	expect(titles(changes, loaded(9_000, chat("a"), chat("b")))).toEqual(["new", "a", "b"]);
	expect(titles(changes, loaded(9_000, chat("a"), chat("new", "Its title"), chat("b")))).toEqual(["a", "Its title", "b"]);
});

test("a chat begun on this page does not reappear once it is moved away", () => {
	const moved = answered(changing(begun(NO_CHANGES, first, chat("new")), first, "new", { folder: "f" }), "new", 3_000);
	expect(titles(moved, first)).toEqual(["a", "b"]);
	expect(titles(moved, loaded(4_000, chat("a"), chat("b")))).toEqual(["a", "b"]);
});

test("data requested after every change was answered are shown unchanged", () => {
	const id = fc.constantFrom("a", "b", "c");
	const change = fc.record({
		title: fc.constantFrom("x", "y"),
		archived: fc.boolean(),
		deleted: fc.boolean(),
		folder: fc.constantFrom(null, "f"),
	});
	fc.assert(
		fc.property(fc.array(fc.tuple(id, change), { maxLength: 8 }), fc.subarray(["a", "b", "c"]), (made, ids) => {
			let changes = NO_CHANGES;
			for (const [of, to] of made) changes = changing(changes, first, of, to);
			for (const [of] of made) changes = answered(changes, of, 5_000);
			expect(titles(changes, loaded(5_000, ...ids.map((one) => chat(one))))).toEqual(ids);
		}),
	);
});
