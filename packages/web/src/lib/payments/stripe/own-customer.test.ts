import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("a stored customer's id is read only where an id unknown to Stripe is handled", () => {
	const readers = readdirSync(import.meta.dirname)
		.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
		.filter((name) => readFileSync(`${import.meta.dirname}/${name}`, "utf8").includes("getStripeCustomer("));
	// usage.ts reports to it: a refused report is set aside.
	expect(readers.toSorted()).toEqual(["customers.ts", "own-customer.ts", "usage.ts"]);
});
