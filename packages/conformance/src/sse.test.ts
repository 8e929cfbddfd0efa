import { expect, test } from "vitest";
import { events } from "./sse.ts";

async function read(...chunks: (string | Uint8Array)[]): Promise<string[]> {
	async function* body() {
		for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
	}
	const told: string[] = [];
	for await (const event of events(body())) told.push(event);
	return told;
}

test("events that come together are told one by one", async () => {
	expect(await read("data: a\n\ndata: b\n\n")).toEqual(["a", "b"]);
});

test("an event that comes byte by byte, in the middle of characters too, is one event", async () => {
	const bytes = new TextEncoder().encode('data: {"delta":"Grüße 🎉"}\r\n\r\ndata: x\n\n');
	expect(await read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(['{"delta":"Grüße 🎉"}', "x"]);
});

test("comments and other fields are no data; several lines of data are one event", async () => {
	expect(await read(": keep-alive\n\nevent: x\nid: 1\ndata: a\ndata:b\n\n", ": c\n\n")).toEqual(["a\nb"]);
});

test("what ends without a blank line is no event", async () => {
	expect(await read("data: a\n\ndata: b\n")).toEqual(["a"]);
});
