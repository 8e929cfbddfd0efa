import { beforeEach, expect, test } from "vitest";
import { instructionTokens, systemText } from "../../src/instructions.ts";
import { Client, hear, resetSandbox, sandboxState } from "../client.ts";

// A deployment with SYSTEM_PROMPT (vitest.config.ts).

beforeEach(resetSandbox);

const site = "You are the guide of a museum.";

test("the deployer's system prompt is sent first to every model, before a guest's chat instructions, and both are measured", async () => {
	const guest = await new Client().visit();
	const chatId = crypto.randomUUID();
	const chat = "Answer in rhymes.";
	const ask = async (text: string, more: object = {}) => {
		const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] };
		return hear(await guest.post("/api/chat/ai", { id: chatId, messages: [message], ...more }));
	};
	const sent = async () => (await sandboxState()).modelCalls.at(-1)?.messages ?? [];
	const alone = await ask("Where are the dinosaurs?");
	expect((await sent())[0]).toEqual({ role: "system", content: systemText({ site, about: "", answer: "", folder: "", chat: "" }) });
	expect(alone.metadata).toMatchObject({ counted: true, units: 1, instructions: instructionTokens("site", site) });
	const both = await ask("And the mummies?", { instructions: chat });
	const messages = await sent();
	expect(messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
	expect(messages[0]?.content).toBe(systemText({ site, about: "", answer: "", folder: "", chat }));
	expect(both.metadata.instructions).toBe(instructionTokens("site", site) + instructionTokens("chat", chat));
});

test("the deployer's system prompt appears in no page and no API response, only its size", async () => {
	const guest = await new Client().visit();
	for (const path of ["/", "/pricing", "/api/models", "/api/usage", "/api/health"]) {
		const body = await (await guest.fetch(path)).text();
		expect(body, path).not.toContain("guide of a museum");
	}
	expect(await (await guest.fetch("/")).text()).toContain(`site:${instructionTokens("site", site)}`);
});
