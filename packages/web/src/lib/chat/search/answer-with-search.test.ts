import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AskedOfModel, UpstreamPart } from "../upstream/open-answer.ts";
import { answerWithSearch, type SearchingPart, type SearchTerms } from "./answer-with-search.ts";
import type { Found } from "./form.ts";

const world = vi.hoisted(() => ({
	/** The answers of successive model calls. The last one repeats. */
	answers: [] as unknown[][],
	asked: [] as Record<string, unknown>[],
	found: null as unknown,
	searched: [] as string[],
}));
vi.mock("../upstream/open-answer.ts", () => ({
	openAnswer: async function* (asked: AskedOfModel): AsyncGenerator<UpstreamPart> {
		world.asked.push({ ...asked, steps: [...(asked.steps ?? [])] });
		const answer = world.answers.length > 1 ? world.answers.shift() : world.answers[0];
		yield* answer as UpstreamPart[];
	},
}));
vi.mock("./search.ts", () => ({
	searchWeb: async (_: unknown, query: string, signal: AbortSignal): Promise<Found[] | null> => {
		world.searched.push(query);
		const found = typeof world.found === "function" ? await world.found(query) : world.found;
		signal.throwIfAborted();
		return found;
	},
}));

const END: UpstreamPart = { type: "end", end: "complete" };
const text = (delta: string): UpstreamPart => ({ type: "text", delta });
const usage = (input: number, output: number): UpstreamPart => ({ type: "usage", input, cached: 0, output, reasoning: 0 });
const call = (input: string, more: object = {}): UpstreamPart => ({
	type: "call",
	call: { id: "c", name: "web_search", input, providerOptions: undefined, keepsReasoning: false, ...more },
});
const search = (query: string, more: object = {}) => [call(JSON.stringify({ query }), more), END];
const PAGES = [{ url: "https://a.example/", title: "A", snippet: "a" }];

const stop = new AbortController();
const asked = { model: null, messages: [], effort: null, maxOutput: 1_000, subjectHash: "", requestId: "r", signal: stop.signal };
let raises: number[];
/** Units held for searches, by step. */
let held: Map<number, number>;
let isRaised: (step: number) => boolean;

beforeEach(() => {
	Object.assign(world, { answers: [], asked: [], found: PAGES, searched: [] });
	raises = [];
	held = new Map();
	isRaised = () => true;
});

async function partsOf(terms: Partial<SearchTerms> | null = {}, more: Partial<AskedOfModel> = {}): Promise<SearchingPart[]> {
	const all: SearchTerms = {
		search: { kind: "searxng", url: "http://localhost", apiKey: undefined, units: 2 },
		input: 100,
		window: 100_000,
		raise: async (step, units) => {
			raises.push(step);
			if (isRaised(step)) held.set(step, units);
			return { raised: isRaised(step) };
		},
		lower: async (step) => void held.delete(step),
		...terms,
	};
	const parts: SearchingPart[] = [];
	for await (const part of answerWithSearch({ ...asked, ...more }, terms && all)) parts.push(part);
	return parts;
}
const wordsIn = (parts: SearchingPart[]) => parts.flatMap((part) => (part.type === "text" ? [part.delta] : [])).join("");
const searchedIn = (parts: SearchingPart[]) => parts.flatMap((part) => (part.type === "searched" ? [part.searched] : [])).at(-1);
const toolsOffered = () => world.asked.map(({ tools }) => tools !== undefined);
/** The tool results passed to the last model call. */
const results = () => JSON.stringify((world.asked.at(-1)?.steps as unknown[]) ?? []);

describe("a model that may search", () => {
	test("is called again with the results, which are charged and cited", async () => {
		world.answers = [
			[text("I look."), ...search("etna")],
			[text("It is high [1]."), END],
		];
		const parts = await partsOf();
		expect(wordsIn(parts)).toBe("I look.\n\nIt is high [1].");
		expect(searchedIn(parts)).toMatchObject({ count: 1, units: 2, sources: [{ url: "https://a.example/", title: "A" }] });
		expect(parts.map(({ type }) => type)).toEqual(["text", "usage", "searching", "searched", "text", "text", "end"]);
		expect([...held]).toEqual([[1, 2]]);
		expect(world.asked[1]?.steps).toMatchObject([
			{
				role: "assistant",
				content: [
					{ type: "text", text: "I look." },
					{ type: "tool-call", toolCallId: "c", input: { query: "etna" } },
				],
			},
			{ role: "tool", content: [{ type: "tool-result", toolCallId: "c", output: { value: expect.stringContaining("[1] A") } }] },
		]);
	});

	test("searches at most 8 times, then answers without the tool", async () => {
		world.answers = [...Array.from({ length: 8 }, (_, n) => search(`q${n}`)), [text("Enough."), END]];
		const parts = await partsOf();
		expect(world.searched).toHaveLength(8);
		expect(searchedIn(parts)).toMatchObject({ count: 8, units: 16, sources: PAGES.map(({ url, title }) => ({ url, title })) });
		expect(toolsOffered()).toEqual([...Array(8).fill(true), false]);
		expect(wordsIn(parts)).toBe("Enough.");
	});

	test("searches at most 8 times in parallel calls, too", async () => {
		const calls = Array.from({ length: 12 }, (_, n) => call(JSON.stringify({ query: `q${n}` }), { id: `c${n}` }));
		world.answers = [
			[...calls, END],
			[text("Enough."), END],
		];
		expect(searchedIn(await partsOf())).toMatchObject({ count: 8 });
		expect(results().split("may not search any more")).toHaveLength(5);
		expect(toolsOffered()).toEqual([true, false]);
	});

	test("is told about a limit, receives no results, and loses the tool at the second refusal", async () => {
		isRaised = () => false;
		world.answers = [search("one"), search("two"), [text("Without."), END]];
		const parts = await partsOf();
		expect(searchedIn(parts)).toMatchObject({ count: 0, units: 0, sources: [] });
		expect(world.searched).toEqual([]);
		expect(results()).toContain("the user's limit is reached");
		expect(results()).not.toContain("a.example");
		expect(toolsOffered()).toEqual([true, true, false]);
		expect(wordsIn(parts)).toBe("Without.");
	});

	test.each([
		["fails", null, "The search failed"],
		["finds nothing", [], "Nothing was found"],
		["finds no page of the web", [{ url: "javascript:1", title: "", snippet: "" }], "Nothing was found"],
	])("is not charged for a search that %s", async (_, found, told) => {
		world.found = found;
		world.answers = [search("one"), [text("Without."), END]];
		expect(searchedIn(await partsOf())).toMatchObject({ count: 0, units: 0 });
		expect(raises).toEqual([1]);
		expect([...held]).toEqual([]);
		expect(results()).toContain(told);
	});

	test.each([
		["twice as JSON", JSON.stringify(JSON.stringify({ query: 'the "Etna"' }))],
		["twice in a row", '{"query":"the \\"Etna\\""}{"query":"the \\"Etna\\""}'],
		["with more fields", '{"max":3,"query":"the \\"Etna\\"","x":{}}'],
		["without its end", '{"query":"the \\"Etna\\""'],
	])("is understood when it writes its call %s", async (_, input) => {
		world.answers = [
			[call(input), END],
			[text("Yes."), END],
		];
		await partsOf();
		if (_ !== "twice as JSON") expect(world.searched).toEqual(['the "Etna"']);
		else expect(world.searched).toHaveLength(1);
	});

	test.each([
		["broken JSON", '{"query', {}],
		["no query", "{}", {}],
		["an empty query", '{"query":"  "}', {}],
		["another tool", '{"query":"x"}', { name: "delete_files" }],
	])("receives the correct call format after %s", async (_, input, more) => {
		world.answers = [
			[call(input, more), END],
			[text("So."), END],
		];
		expect(wordsIn(await partsOf())).toBe("So.");
		expect(world.searched).toEqual([]);
		expect(results()).toContain("Not searched");
	});

	test("shares one output limit among all its calls", async () => {
		world.answers = [
			[usage(100, 400), ...search("one")],
			[usage(200, 500), ...search("two")],
			[usage(300, 90), text("Done."), END],
		];
		await partsOf();
		expect(world.asked.map(({ maxOutput }) => maxOutput)).toEqual([1_000, 600, 100]);
		Object.assign(world, { asked: [], answers: [[usage(100, 1_000), text("Long."), ...search("one")]] });
		expect((await partsOf()).at(-1)).toEqual({ type: "end", end: "length" });
	});

	test("reports the usage of each call, estimated if the provider reports none", async () => {
		world.answers = [
			[text("I look for it."), ...search("one")],
			[usage(300, 90), text("Done."), END],
		];
		const used = (await partsOf()).filter((part) => part.type === "usage");
		expect(used).toMatchObject([
			{ input: 100, estimated: true, output: expect.toSatisfy((tokens: number) => tokens >= 5) },
			{ input: 300, output: 90, estimated: false },
		]);
	});

	test("receives its reasoning back if its provider requires it", async () => {
		const thought: UpstreamPart = { type: "reasoning", delta: "Hm." };
		world.answers = [
			[thought, ...search("one", { keepsReasoning: true })],
			[text("Done."), END],
		];
		await partsOf();
		expect(results()).toContain('{"type":"reasoning","text":"Hm."}');
		Object.assign(world, {
			asked: [],
			answers: [
				[thought, ...search("one")],
				[text("Done."), END],
			],
		});
		await partsOf();
		expect(results()).not.toContain("Hm.");
	});

	test("gets no tool if its window has no room for results", async () => {
		world.answers = [[text("Full."), END]];
		await partsOf({ input: 900, window: 1_000 });
		expect(toolsOffered()).toEqual([false]);
	});

	test("keeps its ending (cut, filtered or failed), whatever it called", async () => {
		for (const end of ["length", "filtered"] as const) {
			world.answers = [[call('{"query":"x"}'), { type: "end", end }]];
			expect((await partsOf()).at(-1)).toEqual({ type: "end", end });
		}
		world.answers = [search("one"), [{ type: "failed", failure: "busy" }]];
		expect((await partsOf()).at(-1)).toEqual({ type: "failed", failure: "busy" });
	});

	test("stopped during a search is not charged for it", async () => {
		const stopped = new AbortController();
		world.found = async () => {
			stopped.abort(new Error("stopped"));
			return PAGES;
		};
		world.answers = [search("one")];
		await expect(partsOf({}, { signal: stopped.signal })).rejects.toThrow("stopped");
		expect(raises).toEqual([1]);
		expect([...held]).toEqual([]);
	});

	test("fails if a failed search cannot be released", async () => {
		world.found = null;
		world.answers = [search("one"), [text("Without."), END]];
		const lower = () => Promise.reject(new Error("unreachable"));
		await expect(partsOf({ lower })).rejects.toThrow("unreachable");
	});
});

test("a model that may not search is called once and without tools", async () => {
	world.answers = [[usage(3, 4), text("Yes."), END]];
	expect(await partsOf(null)).toEqual([text("Yes."), { ...usage(3, 4), estimated: false }, END]);
	expect(toolsOffered()).toEqual([false]);
});
