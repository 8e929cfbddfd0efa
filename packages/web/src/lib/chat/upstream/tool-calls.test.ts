import fc from "fast-check";
import { expect, test } from "vitest";
import { ToolCalls } from "./tool-calls.ts";

const INPUT = '{"query":"the Etna"}';

function callsIn(...deltas: Record<string, unknown>[]) {
	const calls = new ToolCalls();
	for (const delta of deltas) calls.read(delta);
	return calls.calls;
}
const piece = (fields: object) => ({ tool_calls: [fields] });
const named = (fields: object, input: unknown = "") => piece({ ...fields, function: { name: "web_search", arguments: input } });
const more = (fields: object, input: string) => piece({ ...fields, function: { arguments: input } });

test.each([
	["by index", [named({ index: 0, id: "c" }), more({ index: 0 }, INPUT)]],
	["whole", [named({ index: 0, id: "c" }, INPUT)]],
	["without an index", [named({ id: "c" }, '{"query":'), more({ id: "c" }, '"the Etna"}')]],
	["with neither after the first piece", [named({ id: "c" }, '{"query":'), more({}, '"the Etna"}')]],
	["with its name in each piece", [named({ index: 0, id: "c" }, '{"query":'), named({ index: 0, id: "c" }, '"the Etna"}')]],
	["with an id that comes late", [named({ index: 0 }, '{"query":'), more({ index: 0, id: "c" }, '"the Etna"}')]],
	["with its input as an object", [named({ index: 0, id: "c" }, { query: "the Etna" })]],
	["as one object in place of a list", [{ tool_calls: { id: "c", function: { name: "web_search", arguments: INPUT } } }]],
] as const)("reads a call %s", (_, deltas) => {
	expect(callsIn(...deltas)).toEqual([{ id: "c", name: "web_search", input: INPUT }]);
});

test("reads calls from the legacy field that preceded tools", () => {
	const deltas = [{ function_call: { name: "web_search", arguments: "" } }, { function_call: { arguments: INPUT } }];
	expect(callsIn(...deltas)).toEqual([{ id: "call_0", name: "web_search", input: INPUT }]);
});

test.each([
	["by index", (n: number) => ({ index: n, id: `c${n}` })],
	["all with index 0", (n: number) => ({ index: 0, id: `c${n}` })],
	["without any mark", () => ({})],
])("separates calls %s", (_, marks) => {
	const calls = callsIn(named(marks(0), '{"query":"a"}'), named(marks(1), '{"query":"b"}'));
	expect(calls.map(({ input }) => input)).toEqual(['{"query":"a"}', '{"query":"b"}']);
	expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
});

test("keeps a call's extra data that its provider requires back", () => {
	const extra_content = { google: { thought_signature: "s" } };
	expect(callsIn(named({ index: 0, id: "c", extra_content }, INPUT))[0]?.extra).toEqual(extra_content);
});

test("skips calls without a name and invalid calls", () => {
	expect(callsIn(more({ index: 0, id: "c" }, INPUT), { tool_calls: null }, { tool_calls: ["x", 1, null] }, { content: "words" })).toEqual(
		[],
	);
});

test("reads the same call from pieces of any size", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.array(fc.nat(220), { maxLength: 8 }), (query, cuts) => {
			const input = JSON.stringify({ query });
			const at = [0, ...cuts.filter((cut) => cut < input.length).sort((a, b) => a - b), input.length];
			const pieces = at.slice(1).map((end, n) => more({ index: 0 }, input.slice(at[n], end)));
			expect(callsIn(named({ index: 0, id: "c" }), ...pieces)[0]?.input).toBe(input);
		}),
	);
});

test("limits the buffered input, and reports when a provider sends more than any call", () => {
	const calls = new ToolCalls();
	calls.read(named({ index: 0, id: "c" }));
	for (let n = 0; n < 20; n += 1) calls.read(more({ index: 0 }, "x".repeat(8_000)));
	expect(calls.calls[0]?.input).toHaveLength(8_000);
	expect(calls.isTooLong).toBe(true);
});
