import { expect, test } from "vitest";
import { marksOf, tallyText } from "./marks.ts";

test("there is one mark for each request: counted first, then held, then left", () => {
	expect(marksOf({ limit: 5, used: 2, held: 1 })).toEqual(["counted", "counted", "held", "left", "left"]);
	expect(marksOf({ limit: 2, used: 5, held: 1 })).toEqual(["counted", "counted"]);
});

test("the words say what the drawing shows", () => {
	expect(tallyText({ remaining: 3, limit: 5, resetAt: null })).toBe("3 of 5 requests left, no reset");
	expect(tallyText({ remaining: 3, limit: 20, resetAt: "2026-11-22T00:00:00Z" })).toBe("3 of 20 requests left");
	// Top-ups come on top of the limit.
	expect(tallyText({ remaining: 1500, limit: 1000, resetAt: "2026-11-22T00:00:00Z" })).toBe("1500 requests left");
});
