import { WHO_PAYS } from "@parley/metering/who-pays";
import { expect, test } from "vitest";
import { FREE_RULES, RULES, ruleText } from "./rule-texts.ts";

test("the page has the rules of the table, in its order and in its words, and knows which of them are free", () => {
	expect(RULES).toEqual(Object.keys(WHO_PAYS));
	expect(RULES.map(ruleText)).toEqual(Object.values(WHO_PAYS).map(({ happens, counted }) => ({ happens, counted })));
	expect(FREE_RULES).toEqual(RULES.filter((rule) => WHO_PAYS[rule].fate.kind === "release"));
});
