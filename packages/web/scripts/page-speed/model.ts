// A model that answers with ordinary Markdown: at once, or at the pace of a real one.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** A question that contains this gets an answer of 20 KiB at 100 tokens a second. */
export const AT_LENGTH = "at length";
const LONG_CHARS = 20 * 1024;
const TOKENS_A_SECOND = 100;
const CHARS_A_TOKEN = 4;

const SECTIONS = [
	"## What it does\n\nA hold **promises** a unit before the model is called, and a settlement turns it into a count. Between the two the unit belongs to nobody else, so ten requests at once never use eleven units.\n\nAn answer that fails gives its unit back.\n",
	"- A request that is repeated has the same id, and is counted once.\n- A request that was *refused* has held nothing.\n  - It may be sent again at any time.\n- A [report](https://example.com/reports) that was lost is sent again.\n",
	"```ts\nexport function settle(ledger: Ledger, id: string): Outcome {\n\tconst hold = ledger.holds.get(id);\n\tif (!hold) return { ok: false, why: 'unknown' };\n\tledger.holds.delete(id);\n\tledger.used += hold.units; // counted exactly once\n\treturn { ok: true, used: ledger.used };\n}\n```\n",
	"| state | counted | next |\n|---|---|---|\n| held | no | settled or released |\n| settled | yes | reported |\n| released | no | – |\n",
	"With $n$ requests of which $k$ fail, $n - k$ are counted. Each waits at most `silenceSeconds`, which bounds the whole by $$\\sum_{i=1}^{n} t_i \\le n \\cdot t_{max}$$\n",
];

/** An ordinary answer: two or three sections, about 600 characters. */
const answerTo = (question: string): string => {
	const at = Number(/\d+/.exec(question)?.[0] ?? 0);
	return Array.from({ length: 2 + (at % 2) }, (_, index) => SECTIONS[(at + index) % SECTIONS.length]).join("\n");
};

const longAnswer = (): string => {
	const all = SECTIONS.join("\n");
	return `${all}\n`.repeat(Math.ceil(LONG_CHARS / all.length)).slice(0, LONG_CHARS);
};

/** Starts an OpenAI-compatible endpoint on a free port. */
export async function startModel(): Promise<{ baseUrl: string; close(): void }> {
	const server = createServer(async (request, response) => {
		const body = (await json(request)) as { messages: { content: unknown }[] };
		const question = JSON.stringify(body.messages.at(-1)?.content);
		response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
		if (question.includes(AT_LENGTH)) await writePaced(response, longAnswer());
		else response.write(delta(answerTo(question)));
		response.end(`${chunk([{ index: 0, delta: {}, finish_reason: "stop" }])}data: [DONE]\n\n`);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return { baseUrl: `http://127.0.0.1:${port}/v1`, close: () => server.close() };
}

/** Writes what is due every 10 ms: a timer that comes late must not slow the model down. */
async function writePaced(response: ServerResponse, text: string): Promise<void> {
	const beganMs = performance.now();
	for (let written = 0; written < text.length && !response.destroyed; ) {
		const due = Math.ceil(((performance.now() - beganMs) / 1000) * TOKENS_A_SECOND) * CHARS_A_TOKEN;
		for (; written < Math.min(due, text.length); written += CHARS_A_TOKEN)
			response.write(delta(text.slice(written, written + CHARS_A_TOKEN)));
		await sleep(1000 / TOKENS_A_SECOND);
	}
}

const chunk = (choices: object[]): string =>
	`data: ${JSON.stringify({ id: "speed", object: "chat.completion.chunk", created: 0, model: "speed", choices })}\n\n`;
const delta = (content: string): string => chunk([{ index: 0, delta: { content }, finish_reason: null }]);
