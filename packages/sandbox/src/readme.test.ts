import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultSettings } from "./settings.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The text between two headings or phrases. */
function between(start: string, end: string): string {
	const [, rest] = readme.split(start);
	const [text] = rest?.split(end) ?? [];
	if (rest === undefined || !text) throw new Error(`the README has no "${start}"`);
	return text;
}

/** Settings for what is on offer. They are not behavior of the service, so they need no source. */
const OFFERS = ["proTrialDays", "freeCredits", "maxPlan", "emptyCatalogue", "stripeCatalogue"];

describe("the README", () => {
	it("names a source for each behavior of Flowglad, and has a row for each setting", () => {
		const rows = between("| behavior | setting | known from |\n|---|---|---|\n", "\n\n").split("\n");
		expect(rows.length).toBeGreaterThan(20);
		for (const row of rows) expect(row).toMatch(/\| (?:source|document|ran|reports|reading)\b[^|]*\|$/);
		const settings = Object.keys(defaultSettings).filter((name) => !OFFERS.includes(name));
		for (const name of settings) expect(rows.filter((row) => row.includes(`\`${name}\``))).toHaveLength(1);
	});

	it("names a source for each behavior of Stripe", () => {
		const text = `**Payment methods**${between("**Payment methods**", "**What it does not do**")}`;
		// Each behavior is a paragraph or a list item.
		const behaviors = text.split(/\n\n|\n(?=- )/).filter((one) => !/^\*[^*]+\*$|^\*\*[^*]+\*\*$/.test(one.trim()) && one.trim());
		expect(behaviors.length).toBeGreaterThan(15);
		for (const behavior of behaviors) expect(behavior).toMatch(/^(?:- |\*\*[\w ]+\*\*: )\[[TDUR]\] /);
	});
});
