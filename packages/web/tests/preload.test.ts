import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const routes = new URL("../src/routes/", import.meta.url).pathname;

test("hovering over a link calls no billing provider: routes that load prices or a balance are not preloaded", () => {
	const reading = globSync("*.tsx", { cwd: routes }).filter((file) =>
		/load(?:Pricing|Shell)\(\)/.test(readFileSync(routes + file, "utf8")),
	);
	expect(reading.sort()).toEqual(["_chat.tsx", "account.tsx", "pricing.tsx"]);
	for (const file of reading) expect(readFileSync(routes + file, "utf8"), file).toContain("preload: false,");
});
