import { describe, expect, test } from "vitest";
import { suggestedPrompts } from "./suggested-prompts.ts";

const parse = (value: unknown) => suggestedPrompts(JSON.stringify(value));

describe("the suggested prompts of a new chat", () => {
	test("are the brand's unless a variable overrides them", () => {
		expect(suggestedPrompts(undefined)).toBeNull();
		expect(parse([])).toEqual([]);
	});

	test("are texts, or labels with texts", () => {
		expect(parse([" Plan a week ", { label: "Proofread", text: "Proofread this:\n\n" }])).toEqual([
			{ label: "Plan a week", text: "Plan a week" },
			{ label: "Proofread", text: "Proofread this:" },
		]);
	});

	test("are refused with the location of the error", () => {
		const text = 'is neither a text of at most 120 characters nor {"label", "text"}';
		expect(() => suggestedPrompts("[Plan]")).toThrow(/^is not JSON$/);
		expect(() => parse({})).toThrow(/expected array/);
		expect(() => parse(["Plan", 3])).toThrow(`[1] ${text}`);
		expect(() => parse([""])).toThrow(/^\[0\] is empty$/);
		expect(() => parse(["x".repeat(121)])).toThrow(/^\[0\] is longer than 120 characters$/);
		expect(() => parse([{ label: "Plan" }])).toThrow(`[0] ${text}`);
		expect(() => parse([{ label: "Plan", text: "x", icon: "star" }])).toThrow(/^\[0\] Unrecognized key: "icon"$/);
		expect(() => parse([{ label: " ", text: "x" }])).toThrow(/^\[0\]\.label is empty$/);
		expect(() => parse(["a", "b", "c", "d", "e", "f", "g"])).toThrow(/^has more than 6 prompts$/);
		expect(() => parse(["Plan", { label: "Plan", text: "Plan my week" }])).toThrow(/^has the label "Plan" twice$/);
	});
});
