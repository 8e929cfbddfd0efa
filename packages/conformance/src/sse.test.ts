import { expect, test } from "vitest";
import { events } from "./sse.ts";

async function read(...chunks: (string | Uint8Array)[]): Promise<string[]> {
	async function* body() {
		for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
	}
	const received: string[] = [];
	for await (const event of events(body())) received.push(event);
	return received;
}

test("splits events that arrive together", async () => {
	expect(await read("data: a\n\ndata: b\n\n")).toEqual(["a", "b"]);
});

test("joins an event that arrives byte by byte, even inside characters", async () => {
	const bytes = new TextEncoder().encode('data: {"delta":"Grüße 🎉"}\r\n\r\ndata: x\n\n');
	expect(await read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(['{"delta":"Grüße 🎉"}', "x"]);
});

test("ignores comments and other fields, and joins several data lines into one event", async () => {
	expect(await read(": keep-alive\n\nevent: x\nid: 1\ndata: a\ndata:b\n\n", ": c\n\n")).toEqual(["a\nb"]);
});

test("drops an event without a blank line after it", async () => {
	expect(await read("data: a\n\ndata: b\n")).toEqual(["a"]);
});
