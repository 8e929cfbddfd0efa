import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface FakeModel {
	/** The base URL of an OpenAI-compatible API. */
	url: string;
	/** While true, an answer pauses after its first words until `release`. */
	holding: boolean;
	/** Resumes all paused answers. */
	release(): void;
	close(): Promise<void>;
}

/**
 * Answers every request with the same one-word chunks after fixed delays. Simpler than the sandbox's model, because its own time is in every figure.
 * `wordsBeforePause`: see `holding`.
 */
export async function startModel({
	firstTokenMs = 0,
	chunkMs = 0,
	chunks = 3,
	word: text = "word ",
	wordsBeforePause = 1,
} = {}): Promise<FakeModel> {
	const held: (() => void)[] = [];
	const frame = (delta: object, reason: string | null = null) =>
		`data: ${JSON.stringify({ id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1, model: "bench", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
	const role = frame({ role: "assistant", content: "" });
	const word = frame({ content: text });
	const end = `${frame({}, "stop")}data: [DONE]\n\n`;
	const write = async (response: ServerResponse) => {
		if (firstTokenMs > 0) await sleep(firstTokenMs);
		response.writeHead(200, { "content-type": "text/event-stream" });
		response.write(role + word);
		for (let chunk = 1; chunk < chunks; chunk += 1) {
			if (model.holding && chunk === wordsBeforePause) await new Promise<void>((resolve) => held.push(resolve));
			if (chunkMs > 0) await sleep(chunkMs);
			response.write(word);
		}
		response.end(end);
	};
	const server = createServer((request, response) => {
		request.resume().on("end", () => void write(response));
	});
	// If the server closed a connection just as the Worker reuses it, the model would seem to fail.
	server.keepAliveTimeout = 600_000;
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const model: FakeModel = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		holding: false,
		release: () => {
			model.holding = false;
			for (const resolve of held.splice(0)) resolve();
		},
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
	return model;
}
