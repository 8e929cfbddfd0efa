import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../statistics.ts";
import { type Body, bodyFor } from "./bodies.ts";
import type { Endpoint } from "./endpoints.ts";

const plain: Endpoint = { path: "/api/folders", example: { name: "Work", list: [{ id: 1 }, { id: 2 }] } };
const counting: Endpoint = {
	path: "/api/chat/ai",
	example: { id: "c1", messages: [{ role: "user" }], model: "sandbox" },
	breaking: { messages: [null, "x", []], model: ["", 5] },
};
const unknown: Endpoint = { path: "/api/unknown" };

const bodiesOf = (endpoint: Endpoint, seed: number, count: number): Body[] => {
	const random = randomFrom(seed);
	return Array.from({ length: count }, () => bodyFor(endpoint, random));
};
const textOf = ({ text }: Body) => (typeof text === "string" ? text : null);

/** The parsed JSON of a body; undefined if it is not JSON. */
function jsonOf(body: Body): unknown {
	try {
		return JSON.parse(textOf(body) ?? "");
	} catch {
		return undefined;
	}
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

describe("random bodies", () => {
	test("are the same for the same seed, and differ for another", () => {
		for (const endpoint of [plain, counting, unknown]) {
			const [first, again, other] = [bodiesOf(endpoint, 7, 60), bodiesOf(endpoint, 7, 60), bodiesOf(endpoint, 8, 60)];
			expect(first.map(textOf)).toEqual(again.map(textOf));
			expect(first.map(textOf)).not.toEqual(other.map(textOf));
		}
	});

	test("do not modify the example, so that the next body starts from it too", () => {
		fc.assert(
			fc.property(fc.nat(1_000_000), (seed) => {
				const before = structuredClone(plain.example);
				bodiesOf(plain, seed, 20);
				expect(plain.example).toEqual(before);
			}),
			{ numRuns: 30 },
		);
	});

	test("are never valid for an address that counts units: if all fields are present, one has an invalid value", () => {
		fc.assert(
			fc.property(fc.nat(1_000_000), (seed) => {
				for (const body of bodiesOf(counting, seed, 30)) {
					const json = jsonOf(body);
					// A mutation may have removed a field of the example, which makes the request invalid too.
					if (!isObject(json) || !("model" in json && "messages" in json && "id" in json)) continue;
					const isBroken = Object.entries(counting.breaking ?? {}).some(([field, values]) =>
						values.some((value) => JSON.stringify(value) === JSON.stringify(json[field])),
					);
					expect([seed, isBroken]).toEqual([seed, true]);
				}
			}),
			{ numRuns: 30 },
		);
	});

	test("mostly resemble the address's example: most of its fields are present", () => {
		const near = bodiesOf(plain, 3, 400).filter((body) => {
			const json = jsonOf(body);
			return isObject(json) && ("name" in json || "list" in json);
		});
		expect(near.length).toBeGreaterThan(200);
		// Few equal the example itself, which other tests already send.
		expect(near.filter((body) => textOf(body) === JSON.stringify(plain.example)).length).toBeLessThan(near.length / 10);
	});

	test("include every kind: not JSON, broken JSON, bytes, deeply nested, over a megabyte, and other content types", () => {
		const bodies = bodiesOf(plain, 11, 1_500);
		const json = bodies.filter(({ type }) => type === "application/json");
		expect(bodies.some(({ text }) => typeof text !== "string")).toBe(true);
		expect(json.some(({ text }) => text === "")).toBe(true);
		expect(json.some((body) => textOf(body)?.startsWith('{"messages":[{"messages":['))).toBe(true);
		expect(json.some((body) => (textOf(body)?.length ?? 0) > 1_000_000)).toBe(true);
		expect(json.some((body) => (textOf(body)?.length ?? 0) > 20 && jsonOf(body) === undefined)).toBe(true);
		expect(new Set(bodies.map(({ type }) => type.split(";")[0]))).toEqual(
			new Set(["application/json", "application/octet-stream", "text/plain", "multipart/form-data", ""]),
		);
	});

	test("stay below 2 MB, and generating them never throws, for any address", () => {
		fc.assert(
			fc.property(fc.nat(1_000_000), fc.constantFrom(plain, counting, unknown), (seed, endpoint) => {
				for (const { text } of bodiesOf(endpoint, seed, 10)) expect(text.length).toBeLessThan(2_000_000);
			}),
			{ numRuns: 100 },
		);
	});
});
