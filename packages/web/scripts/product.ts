// `npm start` with a state of its own, and a guest with long chats.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { APIRequestContext } from "playwright-core";

const root = new URL("../../../../", import.meta.url).pathname;
/** Includes the build. */
const START_MAX_MS = 300_000;
const END_MAX_MS = 15_000;

interface Product {
	app: string;
	close(): Promise<void>;
}

/**
 * Builds and starts the product, without limits that would end the measurement.
 * @throws {Error} with the output of a start that ends or takes more than five minutes
 */
export async function startProduct(modelBaseUrl: string): Promise<Product> {
	const state = mkdtempSync(join(tmpdir(), "parley-speed-"));
	const [port, sandboxPort] = [await freePort(), await freePort()];
	const unlimited = "1000000";
	const child = spawn("npm", ["start"], {
		cwd: root,
		stdio: ["ignore", "pipe", "pipe"],
		env: {
			...process.env,
			PORT: String(port),
			SANDBOX_PORT: String(sandboxPort),
			PARLEY_STATE: state,
			AI_BASE_URL: modelBaseUrl,
			AI_MODELS: "speed=Speed",
			GUEST_FREE_REQUESTS: unlimited,
			NETWORK_FREE_REQUESTS_DAILY: unlimited,
		},
	});
	const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	const end = async () => {
		child.kill("SIGINT");
		await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, END_MAX_MS))]);
		rmSync(state, { recursive: true, force: true, maxRetries: 5 });
	};
	let output = "";
	const ready = new Promise<void>((resolve, reject) => {
		const fail = (why: string) => reject(new Error(`npm start ${why}:\n${output}`));
		const timer = setTimeout(() => fail("took too long"), START_MAX_MS);
		child.once("exit", () => fail("ended"));
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				output += text;
				if (!output.includes("Parley is ready")) return;
				clearTimeout(timer);
				resolve();
			});
		}
	});
	try {
		await ready;
	} catch (error) {
		await end();
		throw error;
	}
	return { app: `http://localhost:${port}`, close: end };
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** A chat of the guest, and its last answer. */
export interface SpeedChat {
	id: string;
	lastAnswer: string;
}

/** Asks the model until a new chat has so many messages. */
export async function makeChat(app: string, request: APIRequestContext, messages: number): Promise<SpeedChat> {
	// The first page brings the guest's cookie.
	await request.get(app);
	const id = crypto.randomUUID();
	let lastAnswer = "";
	for (let turn = 1; turn <= messages / 2; turn += 1) {
		const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: `Question ${turn}: what happens to a hold?` }] };
		const answer = await post(request, `${app}/api/chat/ai`, { id, messages: [message] });
		lastAnswer = /"messageId":"([^"]+)"/.exec(answer)?.[1] ?? "";
	}
	return { id, lastAnswer };
}

/** Copies a chat, so that what a measurement writes does not change the next one. @returns the copy's address */
export async function copyOf(app: string, request: APIRequestContext, { id, lastAnswer }: SpeedChat): Promise<string> {
	const copy = crypto.randomUUID();
	await post(request, `${app}/api/chat/${id}/branch`, { messageId: lastAnswer, id: copy });
	return `${app}/c/${copy}`;
}

/** @throws {Error} with the answer, if it is a refusal */
async function post(request: APIRequestContext, url: string, data: object): Promise<string> {
	const response = await request.post(url, { data });
	const text = await response.text();
	if (!response.ok()) throw new Error(`${url}: ${response.status()} ${text}`);
	return text;
}
