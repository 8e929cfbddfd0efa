import { WHO_PAYS } from "@parley/metering/who-pays";
import { expect, test } from "vitest";
import { FREE_RULES, RULES, ruleText } from "./rule-texts.ts";

test("the page lists the table's rules in the same order and wording, and knows which are free", () => {
	expect(RULES).toEqual(Object.keys(WHO_PAYS));
	expect(RULES.map(ruleText)).toEqual(Object.values(WHO_PAYS).map(({ happens, counted }) => ({ happens, counted })));
	expect(FREE_RULES).toEqual(RULES.filter((rule) => WHO_PAYS[rule].fate.kind === "release"));
});
