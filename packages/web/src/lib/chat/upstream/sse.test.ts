import fc from "fast-check";
import { expect, test } from "vitest";
import { SseReader } from "./sse.ts";

function read(...pieces: string[]): string[] {
	const reader = new SseReader();
	return [...pieces.flatMap((piece) => reader.read(piece)), ...reader.end()].map(({ data }) => data);
}

test.each(["\n", "\r\n", "\r"])("lines may end with %j", (eol) => {
	expect(read(`data: {"a":1}${eol}${eol}data:[DONE]${eol}${eol}`)).toEqual(['{"a":1}', "[DONE]"]);
});

test("comments, ids and unknown fields are skipped", () => {
	expect(read(': OPENROUTER PROCESSING\n\nid: 7\nevent: message\nretry: 3\ndata: {"a":1}\n\n: ping\n\n')).toEqual(['{"a":1}']);
});

test("an event's type applies to that event only", () => {
	const reader = new SseReader();
	expect(reader.read('event: error\ndata: {"a":1}\n\ndata: {"b":1}\n\n')).toEqual([
		{ type: "error", data: '{"a":1}' },
		{ type: "", data: '{"b":1}' },
	]);
});

test("events without a blank line between them are separated as soon as the next begins", () => {
	const reader = new SseReader();
	expect(reader.read('data: {"a":1}\ndata: {"b":2}\n')).toEqual([{ type: "", data: '{"a":1}' }]);
	expect(read('data: {"a":1}\ndata: [DONE]\n')).toEqual(['{"a":1}', "[DONE]"]);
});

test("data of several lines is one event", () => {
	expect(read('data: {\ndata: "a":1}\n\n')).toEqual(['{\n"a":1}']);
});

test("the last event needs no line end", () => {
	expect(read('data: {"a":1}')).toEqual(['{"a":1}']);
});

test("a stream yields the same events however it is split", () => {
	const stream = 'data: {"a":1}\r\n\r\n: ping\r\n\r\nevent: x\r\ndata: {"b":2}\r\n\r\ndata: [DONE]\r\n\r\n';
	fc.assert(
		fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
			const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
			const pieces = at.slice(1).map((end, index) => stream.slice(at[index], end));
			expect(read(...pieces)).toEqual(read(stream));
		}),
	);
});
