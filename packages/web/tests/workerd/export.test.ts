import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { ExportedChat, ExportedTurn } from "../../src/chat-document.ts";
import { ConversationStorage } from "../../src/objects/conversation-storage.ts";
import { Client, faults, hear, resetSandbox } from "../client.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const load = (client: Client, chat: string, format?: string) =>
	client.fetch(`/api/chat/${chat}/export${format === undefined ? "" : `?format=${format}`}`);

type Exported = ExportedChat & { format: string; version: number; turns: ExportedTurn[] };
const asJson = async (client: Client, chat: string): Promise<Exported> => (await load(client, chat, "json")).json();

/** A guest's chat with an edit, which is shown, and its first text. */
async function editedChat(): Promise<{ client: Client; chat: string }> {
	const [client, chat, message] = [await new Client().visit(), id(), id()];
	await client.chat(chat, message, { text: "The first words" });
	const edit = { id: message, role: "user", parts: [{ type: "text", text: "The new words" }] };
	await hear(
		await client.post("/api/chat/ai", {
			id: chat,
			messages: [edit],
			trigger: "submit-message",
			messageId: message,
			instructions: "Be brief",
		}),
	);
	return { client, chat };
}

describe("the export of a chat", () => {
	test("as JSON has every version, the shown path and the chat's instructions", async () => {
		const { client, chat } = await editedChat();
		const response = await load(client, chat);
		expect(Object.fromEntries(response.headers)).toMatchObject({
			"content-type": "application/json",
			"content-disposition": "attachment; filename*=UTF-8''The%20first%20words.json",
			"cache-control": "private, no-store",
		});
		const exported: Exported = await response.json();
		expect(exported).toMatchObject({ format: "parley.chat", version: 1, title: "The first words", instructions: "Be brief", shown: 2 });
		expect(exported.turns).toMatchObject([
			{ turn: 1, parent: null, answersAgain: null, question: { text: "The first words" }, answer: { state: "complete", counted: true } },
			{ turn: 2, parent: null, answersAgain: null, question: { text: "The new words" }, answer: { model: "sandbox", units: 1 } },
		]);
	});

	test("says which question a regenerated answer belongs to", async () => {
		const [client, chat] = [await new Client().visit(), id()];
		const { id: answerId } = await client.chat(chat, id(), { text: "Once" });
		await hear(await client.post("/api/chat/ai", { id: chat, messages: [], trigger: "regenerate-message", messageId: answerId }));
		expect((await asJson(client, chat)).turns).toMatchObject([{ question: { text: "Once" } }, { answersAgain: 1, question: null }]);
		const markdown = await (await load(client, chat, "markdown")).text();
		expect(markdown.match(/^## \w+$/gm)).toEqual(["## Question", "## Answer"]);
		expect(markdown).toContain("\nOnce\n");
	});

	test("as Markdown has the shown path only", async () => {
		const { client, chat } = await editedChat();
		await client.chat(chat, id(), { text: "And then" });
		const response = await load(client, chat, "markdown");
		expect(Object.fromEntries(response.headers)).toMatchObject({
			"content-type": "text/markdown; charset=utf-8",
			"content-disposition": "attachment; filename*=UTF-8''The%20first%20words.md",
		});
		const text = await response.text();
		expect(text).toMatch(/^# The first words\n/);
		expect(text.slice(text.indexOf("##"))).not.toContain("The first words");
		expect(text).toMatch(
			/## Question\n\nThe new words\n\n## Answer\n\nYou said: “The new words”.*## Question\n\nAnd then\n\n## Answer\n\nYou said/s,
		);
	});

	test("contains a running answer as far as it is written, without waiting for its end", async () => {
		await faults({ model: { chunks: 400, chunkMs: 20 } });
		const [client, chat] = [await new Client().visit(), id()];
		const running = await client.send(chat, id());
		expect((await asJson(client, chat)).turns).toMatchObject([{ answer: { state: null, counted: null } }]);
		await client.post(`/api/chat/${chat}/stop`, {});
		await running.text();
	});

	test("contains the whole chat, beyond what one call between objects can carry", async () => {
		const [client, chat] = [await new Client().visit(), id()];
		await client.chat(chat, id());
		const text = "y".repeat(1_000_000);
		await runInDurableObject(env.CONVERSATION.getByName(chat), (_, { storage }) => {
			const stored = new ConversationStorage(storage.sql);
			const last = stored.newest();
			for (let seq = 2; last && seq < 42; seq += 1)
				stored.insert({ ...last, seq, parent: seq - 1, versionOf: null, requestId: `r${seq}`, rest: [{ type: "text", text }] });
		});
		const { turns, shown } = await asJson(client, chat);
		expect([shown, turns.length, turns.at(-1)?.answer?.text.length]).toEqual([41, 41, 1_000_000]);
		expect((await (await load(client, chat, "markdown")).text()).length).toBeGreaterThan(40_000_000);
	});

	test("is for the chat's owner only, and only in a known format", async () => {
		const { client, chat } = await editedChat();
		for (const other of [await new Client().visit(), new Client()]) {
			for (const format of ["json", "markdown"]) {
				const response = await load(other, chat, format);
				expect([response.status, (await response.json<{ title: string }>()).title]).toEqual([404, "Chat not found"]);
			}
		}
		expect((await load(client, chat, "docx")).status).toBe(400);
		await client.fetch(`/api/chat/${chat}`, { method: "DELETE" });
		expect((await load(client, chat)).status).toBe(404);
	});
});
