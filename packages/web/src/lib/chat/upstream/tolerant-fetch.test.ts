import { expect, test } from "vitest";
import { UpstreamFailure } from "./failure.ts";
import { tolerantFetch } from "./tolerant-fetch.ts";

const line = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const say = (content: string) => line({ choices: [{ index: 0, delta: { content } }] });
const stop = line({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });

type Send = (url: string, init: RequestInit) => Response | Promise<Response>;
const patience = { firstMs: 20, nextMs: 20 };
let models = 0;

/** Calls a provider, each time under a new model name, because refused fields are remembered. */
function ask(send: Send, init: RequestInit = {}): Promise<Response> {
	models += 1;
	const wire = { host: "host", model: `m${models}`, patience, send: async (url: string, sent: RequestInit) => send(url, sent) };
	return tolerantFetch(wire)("https://host/v1/chat", { method: "POST", body: "{}", ...init });
}
const failureIn = (promise: Promise<unknown>) =>
	promise.then(
		() => null,
		(error) => (error instanceof UpstreamFailure ? error : String(error)),
	);
const textsIn = (body: string) => [...body.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, text = ""]) => JSON.parse(text));

/** A body that stays open after these texts. `cancelled` is called when its reader leaves. */
function open(...texts: string[]) {
	const left = Promise.withResolvers<void>();
	const pieces = texts.values();
	const stream = new ReadableStream<Uint8Array>({
		pull: (controller) => {
			const { value, done } = pieces.next();
			if (!done) controller.enqueue(new TextEncoder().encode(value));
		},
		cancel: () => left.resolve(),
	});
	return { response: new Response(stream), cancelled: left.promise };
}

test("the data of one network read becomes one chunk, and the last chunk has the finish reason and the usage", async () => {
	const usage = line({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } });
	const body = await (await ask(() => new Response(say("a") + say("b") + stop + usage))).text();
	expect(textsIn(body)).toEqual(["ab"]);
	expect(body.split("\n\n").slice(-3)).toEqual([expect.stringContaining('"finish_reason":"stop"'), "data: [DONE]", ""]);
	expect(body).toContain('"prompt_tokens":3');
});

test("text that arrives with an error is delivered before it", async () => {
	const response = await ask(() => new Response(say("Half ") + line({ error: "overloaded" })));
	const reader = response.body?.getReader();
	expect(textsIn(new TextDecoder().decode((await reader?.read())?.value))).toEqual(["Half "]);
	await expect(reader?.read()).rejects.toThrow(UpstreamFailure);
});

test("a provider that stalls before or after its headers fails, and its connection is closed", async () => {
	expect(await failureIn(ask(() => new Promise(() => {})))).toMatchObject({ failure: "failed", elsewhere: false });
	const { response, cancelled } = open(say("Half "));
	expect(await failureIn(ask(() => response).then((answer) => answer.text()))).toMatchObject({ message: "host was silent for too long" });
	await cancelled;
});

test("a connection that stays open after the finish reason is closed", async () => {
	const { response, cancelled } = open(say("All"), stop);
	expect(textsIn(await (await ask(() => response)).text())).toEqual(["All"]);
	await cancelled;
});

test("a reader that stops closes the connection", async () => {
	const { response, cancelled } = open(say("Half "));
	const reader = (await ask(() => response)).body?.getReader();
	await reader?.read();
	await reader?.cancel();
	await cancelled;
});

test("a stop does not count as a provider failure, before its headers or after them", async () => {
	const stopped = new AbortController();
	const waiting = failureIn(
		ask((_, { signal }) => new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))), {
			signal: stopped.signal,
		}),
	);
	stopped.abort(new Error("stopped"));
	expect(await waiting).toBe("Error: stopped");
});

test("only redirects to the same origin that keep the body are followed, at most three", async () => {
	const to = (status: number, location: string) => new Response(null, { status, headers: { location } });
	const urls: string[] = [];
	const follow = (status: number, location: string) =>
		failureIn(
			ask((url) => {
				urls.push(url);
				return url.endsWith("/there") ? new Response(say("Hi") + stop) : to(status, location);
			}),
		);
	expect([await follow(307, "/there"), await follow(308, "https://host/there")]).toEqual([null, null]);
	for (const [status, location] of [
		[302, "/there"],
		[307, "https://other/there"],
		[307, "http://host/there"],
		[307, ""],
	] as const)
		expect(await follow(status, location)).toMatchObject({ failure: "unavailable", elsewhere: true });
	expect(urls.filter((url) => !url.startsWith("https://host/"))).toEqual([]);
	urls.length = 0;
	expect(await follow(307, "/again")).toMatchObject({ failure: "unavailable" });
	expect(urls).toHaveLength(4);
});

test("a refused field is omitted from the next call and every later one", async () => {
	const bodies: object[] = [];
	const send: Send = (_, { body }) => {
		const sent = JSON.parse(String(body));
		bodies.push(sent);
		if ("stream_options" in sent) return new Response('{"error":"unknown field stream_options"}', { status: 422 });
		return new Response(say("Hi") + stop);
	};
	const wire = { host: "host", model: "picky", patience, send: async (url: string, init: RequestInit) => send(url, init) };
	for (let n = 0; n < 2; n += 1)
		await (await tolerantFetch(wire)("https://host/", { body: '{"stream_options":{},"max_tokens":1}' })).text();
	expect(bodies).toEqual([{ stream_options: {}, max_tokens: 1 }, { max_tokens: 1 }, { max_tokens: 1 }]);
});

test("an endless event is buffered only up to a limit", async () => {
	const piece = "x".repeat(1_000_000);
	const response = await ask(() => open("data: ", ...Array<string>(20).fill(piece)).response);
	expect(await failureIn(response.text())).toMatchObject({ message: "host sent an event without an end" });
});
