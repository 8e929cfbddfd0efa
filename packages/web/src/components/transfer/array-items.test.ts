import { describe, expect, test } from "vitest";
import { arrayItems } from "./array-items.ts";

/** A text as a stream of pieces of `size` bytes. */
const streamOf = (text: string, size: number) => {
	const bytes = new TextEncoder().encode(text);
	const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));
	return new ReadableStream<Uint8Array>({
		start(controller) {
			for (const piece of pieces) controller.enqueue(piece);
			controller.close();
		},
	});
};

async function itemsOf(text: string, size = 64): Promise<string[]> {
	const items: string[] = [];
	for await (const item of arrayItems(streamOf(text, size))) items.push(item);
	return items;
}

describe("the items of an array", () => {
	const value = [{ a: [1, { b: ']}, "' }] }, "x,\\\\", ["[", "ü€😀"], 7, {}];

	test.each([1, 2, 3, 7, 64, 10_000])("are the same when read in pieces of %d bytes", async (size) => {
		for (const indent of [0, 2]) {
			const items = await itemsOf(JSON.stringify(value, null, indent), size);
			expect(items.map((item) => JSON.parse(item))).toEqual(value);
		}
	});

	test("are empty for an empty array, and the whole file if it is not an array", async () => {
		expect(await itemsOf(" [ ]\n")).toEqual([]);
		expect(await itemsOf(' {"a": [1, 2]} ')).toEqual(['{"a": [1, 2]}']);
		expect(await itemsOf("no JSON, at all")).toEqual(["no JSON, at all"]);
	});

	test("that are malformed affect only themselves", async () => {
		expect(await itemsOf('[{"a": nonsense}, {"b": 1}]')).toEqual(['{"a": nonsense}', '{"b": 1}']);
	});

	test.each(['[{"a": 1}, {"b": ', '[{"a": 1}, {"b": "x', '[{"a": 1}', "[1, 2"])(
		"of a truncated file are read up to that point: %s",
		async (text) => {
			const read: string[] = [];
			const all = async () => {
				for await (const item of arrayItems(streamOf(text, 5))) read.push(item);
			};
			await expect(all()).rejects.toThrow("breaks off");
			expect(read).toHaveLength(text.startsWith("[{") && text.includes(",") ? 1 : text.startsWith("[1") ? 1 : 0);
		},
	);
});
