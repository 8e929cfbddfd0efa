import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RULES } from "./main.ts";

test("docs/conformance.md lists every rule in the order of execution", () => {
	const page = readFileSync(new URL("../../../docs/conformance.md", import.meta.url), "utf8");
	expect([...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)).toEqual(RULES.map(({ name }) => name));
});
