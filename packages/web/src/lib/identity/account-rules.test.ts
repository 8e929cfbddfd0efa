import { describe, expect, test } from "vitest";
import { nameRule } from "../../name-rule.ts";
import { assertUserName } from "./account-rules.ts";

describe("a user's name", () => {
	test("follows the rule of names.ts on every write to the database", () => {
		expect(() => assertUserName("Ada")).not.toThrow();
		for (const name of ["", "x".repeat(61), "a\nb", "evil.example", [], {}, null]) expect(() => assertUserName(name)).toThrow(nameRule());
	});

	test("may be left unchanged", () => {
		expect(() => assertUserName(undefined)).not.toThrow();
	});
});
