import { expect, test } from "vitest";
import { BEHAVIOURS, tableOfBehaviours } from "./upstream/behaviours.ts";

test("docs/upstream-behaviours.md is the table that the upstream tests hold", async () => {
	const page = tableOfBehaviours(BEHAVIOURS);
	expect(page.split("\n").filter((line) => line.startsWith("| "))).toHaveLength(Object.keys(BEHAVIOURS).length + 1);
	await expect(page).toMatchFileSnapshot("../../../docs/upstream-behaviours.md");
});
