import { expect, test } from "vitest";
import { BodyReader } from "./body.ts";

function read(...pieces: string[]) {
	const body = new BodyReader();
	const events = [...pieces.flatMap((piece) => body.read(piece)), ...body.end()].map(({ data }) => data);
	return { events, isPage: body.isPage, isJson: body.isJson };
}

test("a body is an event stream unless it begins like something else", () => {
	expect(read("\n", 'data: {"a":1}\n\n')).toEqual({ events: ['{"a":1}'], isPage: false, isJson: false });
	expect(read(": ping\n\n")).toEqual({ events: [], isPage: false, isJson: false });
});

test("a JSON answer is one event, even if printed over several lines", () => {
	expect(read('{"a":', "1}")).toEqual({ events: ['{"a":1}'], isPage: false, isJson: true });
	expect(read(' {\n "a": 1\n}\n').events).toEqual([' {\n "a": 1\n}\n']);
	expect(read('[{"a":1},{"b":2}]').events).toEqual(['{"a":1}', '{"b":2}']);
});

test("newline-delimited JSON yields one event per line as it arrives", () => {
	expect(new BodyReader().read('{"a":1}\n{"b":2}\n{"c"').map(({ data }) => data)).toEqual(['{"a":1}', '{"b":2}']);
	expect(read('{"a":1}\n', '{"b":2}').events).toEqual(['{"a":1}', '{"b":2}']);
});

test("an HTML page yields no event", () => {
	expect(read("<!doctype html>", "<p>data: {}\n\n")).toEqual({ events: [], isPage: true, isJson: false });
});
