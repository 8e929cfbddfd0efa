import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readResults, SCALE_FILE } from "../checked-in.ts";
import { withFigures } from "./document.ts";
import { simulateOrganization } from "./organization.ts";
import { simulatePeak } from "./peak.ts";
import type { ScaleResult } from "./scale.ts";

const page = readFileSync(new URL("../../../../docs/scale.md", import.meta.url), "utf8");
const result: ScaleResult = JSON.parse(readFileSync(SCALE_FILE, "utf8"));

describe("docs/scale.md", () => {
	test("shows the checked-in figures (npm run bench -- scale)", () => {
		expect(withFigures(page, result)).toBe(page);
		expect(page).not.toMatch(/undefined|NaN|\[object/);
	});

	test("names the seed, the commit and the result that its figures come from", () => {
		expect(result.circumstances.modified).toBe(false);
		for (const text of [`seed ${result.seed}`, result.circumstances.commit, result.from]) expect(page).toContain(text);
		expect(readResults().map(({ file }) => file)).toContain(result.from);
	});

	test("changes only its figures", () => {
		const begin = page.indexOf("<!-- figures");
		const empty = `${page.slice(0, begin)}<!-- figures: written by \`npm run bench -- scale\` -->\nold\n<!-- end of results -->\nafter\n`;
		const written = withFigures(empty, result);
		expect(written.startsWith(page.slice(0, begin))).toBe(true);
		expect(written.endsWith("<!-- end of results -->\nafter\n")).toBe(true);
		expect(written).not.toContain("\nold\n");
	});
});

describe("the checked-in figures", () => {
	test("equal what the simulation computes from their inputs", () => {
		const [smallest] = result.peaks;
		const [organization] = result.organizations;
		if (!smallest || !organization) throw new Error("there are no figures");
		expect(simulatePeak(smallest.accounts, smallest.seconds, result.seed, result.service)).toEqual(smallest);
		const options = { seats: organization.seats, seconds: 120, seed: result.seed, ledgerMs: result.service.ledgerMs, inFlightLimit: 100 };
		expect(simulateOrganization(options)).toEqual(organization);
	});

	test("never admit more than the limit of a leased allowance", () => {
		const leased = result.organizations.flatMap(({ leased: one }) => one ?? []);
		expect(leased.length).toBeGreaterThan(0);
		for (const { admitted, limit } of leased) expect(admitted).toBeLessThanOrEqual(limit);
	});
});
