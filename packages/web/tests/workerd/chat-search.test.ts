import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { FoundChat, FoundChats } from "../../src/view/chat.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, hear, resetSandbox } from "../client.ts";
import { countCalls, metered } from "../counted.ts";
import oldList from "../fixtures/list-before-pages.sql?raw";
import { begun, Talk } from "../talk.ts";

// Searching one's own chats by words in titles and messages.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
type List = ReturnType<typeof env.CHAT_LIST.getByName>;
const listOf = (owner: string): List => env.CHAT_LIST.getByName(owner);
const find = (owner: string, words: string) => listOf(owner).find(words) as Promise<FoundChats>;
const idsOf = ({ chats }: FoundChats) => chats.map((chat) => chat.id);
const marked = ({ passage }: Pick<FoundChat, "passage">) =>
	passage?.map((piece) => (piece.isFound ? `[${piece.text}]` : piece.text)).join("") ?? null;

/** Puts a chat with these texts into a list, as its conversation does. */
async function put(list: List, chat: string, ...texts: string[]): Promise<void> {
	const updatedAt = new Date().toISOString();
	for (const [n, text] of texts.entries())
		expect(await list.put({ id: chat, title: "Untitled", updatedAt }, { after: n, through: n + 1, text })).toBeNull();
}

/** Fills a list with chats of 100 words each, oldest first. Each has one unique word. */
async function fill(list: List, chats: number): Promise<void> {
	await runInDurableObject(list, (instance) => {
		for (let n = 0; n < chats; n += 1) {
			// Spelled-out numbers share many trigrams, like words of a language.
			const words = Array.from({ length: 99 }, (_, at) => ((n * 31 + at * 17) % 4_999).toString(36).padStart(6, "lorem"));
			const updatedAt = new Date(n * 1_000).toISOString();
			instance.put({ id: `chat-${n}`, title: `Chat ${n}`, updatedAt }, { after: 0, through: 1, text: `${words.join(" ")} only${n}x` });
		}
	});
}

/** Characters of the list's chats that are not indexed. */
function unindexed(list: List): Promise<number> {
	return runInDurableObject(list, (_, { storage: { sql } }) => {
		const all = sql.exec<{ chars: number }>("SELECT sum(chars) AS chars FROM chat").one().chars;
		if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'batch'").toArray().length === 0) return all;
		const batches = sql.exec<{ documents: string }>("SELECT documents FROM batch").toArray();
		const slices = batches.flatMap(({ documents }) => (JSON.parse(documents) as { from: number; to: number }[][]).flat());
		return slices.reduce((left, { from, to }) => left - (to - from), all);
	});
}

const rowsOfIndex = (list: List) =>
	runInDurableObject(list, (_, { storage: { sql } }) =>
		["trigram_data", "trigram_idx", "trigram_config", "batch"].reduce(
			(sum, table) => sum + sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
			0,
		),
	);

describe("a search", () => {
	test("finds a chat by words in its question and in its answer, and marks them", async () => {
		const talk = await Talk.begin();
		await talk.ask({ text: `${"Tell me a story, please. ".repeat(10)}It is about the Andes.` });
		await eventually(async () => expect(idsOf(await find(talk.owner, "andes"))).toEqual([talk.chatId]));
		const [found] = (await find(talk.owner, "NOTHING cost")).chats;
		// The sandbox model's answer.
		expect(found && marked(found)).toContain("know [nothing] and [cost] [nothing]");
		expect((await find(talk.owner, "andes bolivia")).chats).toEqual([]);
	});

	test("never finds another subject's chats", async () => {
		const [mine, theirs] = [await Talk.begin(), await Talk.begin()];
		for (const talk of [mine, theirs]) await talk.ask({ text: "A secret word: xylophone" });
		await eventually(async () => expect(idsOf(await find(mine.owner, "xylophone"))).toEqual([mine.chatId]));
		expect(idsOf(await find(theirs.owner, "xylophone"))).toEqual([theirs.chatId]);
		expect((await find(`user:${id()}`, "xylophone")).chats).toEqual([]);
	});

	test("finds every version of a message, shown or not", async () => {
		const talk = await Talk.begin();
		await talk.ask({ text: "About walruses", messageId: "m1" });
		await talk.ask({ kind: "edit", messageId: "m1", text: "About narwhals" });
		await eventually(async () => {
			for (const word of ["walruses", "narwhals"]) expect(idsOf(await find(talk.owner, word))).toEqual([talk.chatId]);
		});
	});

	test.each([
		["東京都は日本の首都です", "日本の首都"],
		["東京都は日本の首都です", "日本"],
		["서울은 대한민국의 수도이다", "대한민국"],
		["Der Weg nach Öd", "öd"],
		["Ｆｕｌｌ ｗｉｄｔｈ", "full WIDTH"],
	])("in “%s” finds “%s”, with and without the index", async (text, words) => {
		const list = listOf(`user:${id()}`);
		await put(list, "there", text);
		await put(list, "elsewhere", "Lorem ipsum");
		expect(idsOf(await list.find(words))).toEqual(["there"]);
		await put(list, "long", "filler ".repeat(20_000), "filler ".repeat(20_000));
		await list.find("start the index");
		await eventually(async () => expect(await unindexed(list)).toBeLessThan(200_000));
		expect(idsOf(await list.find(words))).toEqual(["there"]);
	});

	test("treats characters with a meaning in SQLite or in patterns literally", async () => {
		const list = listOf(`user:${id()}`);
		await put(list, "signs", 'He said "NEAR(a* OR b)" (100%_sure) and C++');
		for (const words of ['"near(a*', "or b)", "(100%_sure)", "c++", "C++ NEAR(a*"])
			expect(idsOf(await list.find(words)), words).toEqual(["signs"]);
		for (const words of ["100_sure", "c+++", 'x" OR "a']) expect(idsOf(await list.find(words)), words).toEqual([]);
	});

	test("matches one word in the title and another in the text, and includes archived chats but not those being deleted", async () => {
		const owner = `user:${id()}`;
		const list = listOf(owner);
		await put(list, "a", "about penguins");
		await put(list, "b", "about penguins");
		await list.mark(owner, "a", { archived: true });
		expect((await list.find("untitled penguins")).chats).toMatchObject([{ id: "b" }, { id: "a", archived: true }]);
		await list.mark(owner, "b", { deleted: true });
		expect(idsOf(await list.find("penguins"))).toEqual(["a"]);
		await list.mark(owner, "b", { deleted: false });
		expect(idsOf(await list.find("penguins"))).toEqual(["b", "a"]);
	});
});

describe("10,000 chats with 1,000,000 words", () => {
	test("are searched in one call that reads each row of the list once, plus a few", async () => {
		const list = listOf(`user:${id()}`);
		await fill(list, 10_000);
		// Until there is an index, the texts themselves are searched.
		expect(await list.find("only7777x")).toMatchObject({ chats: [{ id: "chat-7777" }], isComplete: true });
		await eventually(async () => expect(await unindexed(list)).toBeLessThan(200_000), 60_000);
		const { counts, reset } = await metered(list as never);
		const calls: string[] = [];
		await runInDurableObject(list, (instance) => countCalls(Object.getPrototypeOf(instance), calls));
		for (const [words, expected] of [
			["only1x", ["chat-1"]],
			["only9999x chat", ["chat-9999"]],
			["only4321x only1234x", []],
			["lorem", Array.from({ length: 20 }, (_, n) => `chat-${9_999 - n}`)],
		] as const) {
			reset();
			expect(idsOf(await list.find(words))).toEqual(expected);
			// Measured 10,119 to 10,464 when this was written.
			expect(counts.read, words).toBeLessThan(11_000);
		}
		expect(calls).toEqual(["find", "find", "find", "find"]);
	}, 240_000);
});

describe("the rows written for search", () => {
	test("are one per answer, as before search existed", async () => {
		const list = listOf(`user:${id()}`);
		await put(list, "first", "words");
		const { counts } = await metered(list as never);
		await put(list, "chat", "question and answer", "another ".repeat(4_000));
		await put(list, "first", "words", "more words");
		expect(counts.written).toBe(4);
	});

	test("are none before the first search, and then at most one per four chats of 3,000 characters", async () => {
		const list = listOf(`user:${id()}`);
		const chats = 400;
		await runInDurableObject(list, (instance) => {
			for (let n = 0; n < chats; n += 1) {
				const words = Array.from({ length: 500 }, (_, at) => ((n * 31 + at * 17) % 4_999).toString(36).padStart(5, "lorem"));
				instance.put({ id: id(), title: "Chat", updatedAt: new Date(n).toISOString() }, { after: 0, through: 1, text: words.join(" ") });
			}
		});
		expect(await unindexed(list)).toBe(chats * 2_999);
		const { counts } = await metered(list as never);
		await list.find("lorem");
		await eventually(async () => expect(await unindexed(list)).toBeLessThan(200_000));
		// Measured when this was written: 66 billed rows, and 39 rows that FTS5 keeps.
		expect(counts.written).toBeLessThanOrEqual(chats / 4);
		expect(await rowsOfIndex(list)).toBeLessThanOrEqual(chats / 4);
	});

	test("cover at most 200,000 characters of a chat and 32,768 of a message", async () => {
		const list = listOf(`user:${id()}`);
		await put(list, "endless", ...Array.from({ length: 5 }, (_, n) => `part${n} ${"x".repeat(49_990)}`), "the end");
		expect(await unindexed(list)).toBe(200_000);
		expect(idsOf(await list.find("part3"))).toEqual(["endless"]);
		expect(idsOf(await list.find("end"))).toEqual([]);
		const talk = await Talk.begin();
		await faults({ model: { hugeLineAfterChunks: 1, chunks: 5 } });
		await talk.ask({ text: "Much" });
		await eventually(async () => expect(idsOf(await find(talk.owner, "said"))).toEqual([talk.chatId]));
		expect(await unindexed(listOf(talk.owner))).toBeLessThanOrEqual("Much ".length + 32_768);
	});
});

describe("a chat", () => {
	test("is listed while its first answer is being written, and found when the answer ends", async () => {
		const talk = await Talk.begin();
		await faults({ model: { chunks: 4_000, chunkMs: 20 } });
		const answer = await begun(await talk.post({ text: "A long story" }));
		await eventually(async () =>
			expect((await listOf(talk.owner).list()).chats).toMatchObject([{ id: talk.chatId, title: "A long story" }]),
		);
		await talk.stop();
		await hear(answer);
		await eventually(async () => expect((await find(talk.owner, "said")).chats).toHaveLength(1));
	});

	test("older than search is found by its title, and by all its words once it is used again", async () => {
		const talk = await Talk.begin();
		for (const text of ["about tapirs", "about lemurs"]) await talk.ask({ text });
		await eventually(async () => expect(idsOf(await find(talk.owner, "tapirs"))).toEqual([talk.chatId]));
		await runInDurableObject(listOf(talk.owner), (_, { storage: { sql } }) => {
			sql.exec("DROP TABLE chat");
			sql.exec(oldList);
			sql.exec("INSERT INTO chat (id, title, updated_at) VALUES (?, ?, ?)", talk.chatId, "about tapirs", "2026-11-29T12:00:00.000Z");
		});
		await evictDurableObject(listOf(talk.owner));
		expect(idsOf(await find(talk.owner, "tapirs"))).toEqual([talk.chatId]);
		expect(idsOf(await find(talk.owner, "lemurs"))).toEqual([]);
		await talk.ask({ text: "about otters" });
		await eventually(async () => {
			for (const word of ["lemurs", "otters"]) expect(idsOf(await find(talk.owner, word))).toEqual([talk.chatId]);
		});
	});

	test("is found by words its list missed, once it is used again", async () => {
		const talk = await Talk.begin();
		await talk.ask({ text: "about tapirs" });
		await eventually(async () => expect(idsOf(await find(talk.owner, "tapirs"))).toEqual([talk.chatId]));
		await runInDurableObject(listOf(talk.owner), (instance) => {
			vi.spyOn(Object.getPrototypeOf(instance), "put").mockRejectedValue(new Error("unreachable"));
		});
		await talk.ask({ text: "about lemurs" });
		await eventually(async () => expect(await talk.stub.view(talk.owner)).toMatchObject({ running: false }));
		vi.restoreAllMocks();
		await talk.ask({ text: "about otters" });
		await eventually(async () => expect(idsOf(await find(talk.owner, "lemurs"))).toEqual([talk.chatId]));
	});

	test("is found by all its words in the account that its guest becomes", async () => {
		const client = await new Client().visit();
		const chat = id();
		await client.chat(chat, id(), { text: "about tapirs" });
		await client.chat(chat, id(), { text: "about lemurs" });
		const owner = `user:${(await client.signUp()).id}`;
		await eventually(async () => {
			for (const word of ["tapirs", "lemurs"]) expect(idsOf(await find(owner, word))).toEqual([chat]);
		});
	});

	test("leaves none of its words, not even in the index, once it is deleted", async () => {
		const talk = await Talk.begin();
		const list = listOf(talk.owner);
		await talk.ask({ text: "The codeword is qwxyzzy" });
		await eventually(async () => expect(idsOf(await find(talk.owner, "qwxyzzy"))).toEqual([talk.chatId]));
		await put(list, "other", "filler ".repeat(20_000), "filler ".repeat(20_000));
		await list.find("start the index");
		await eventually(async () => expect(await unindexed(list)).toBeLessThan(200_000));
		const stored = () =>
			runInDurableObject(list, (_, { storage: { sql } }) =>
				["chat", "batch", "trigram_data"].flatMap((table) =>
					[...sql.exec(`SELECT * FROM ${table}`).raw()].map((row) =>
						row.map((value) => (value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : String(value))).join(" "),
					),
				),
			);
		const traces = async () => (await stored()).filter((row) => row.includes("qwx") || row.includes(talk.chatId)).length;
		expect(await traces()).toBeGreaterThan(1);
		expect((await talk.client.fetch(`/api/chat/${talk.chatId}`, { method: "DELETE" })).status).toBe(204);
		expect(idsOf(await find(talk.owner, "qwxyzzy"))).toEqual([]);
		// Within an hour the index is rewritten without its words.
		stopAppClock().advance(3_700_000);
		await runDurableObjectAlarm(list);
		await eventually(async () => {
			await runDurableObjectAlarm(list);
			expect(await traces()).toBe(0);
		});
		expect(idsOf(await find(talk.owner, "filler"))).toEqual(["other"]);
	});
});
