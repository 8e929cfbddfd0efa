import { describe, expect, test } from "vitest";
import { assertMayInvite, assertOrganization, assertUserName } from "./account-rules.ts";

describe("a user's name", () => {
	test("has at most 100 characters", () => {
		expect(() => assertUserName("x".repeat(100))).not.toThrow();
		expect(() => assertUserName("x".repeat(101))).toThrow("at most 100 characters");
	});

	test("may be left unchanged", () => {
		expect(() => assertUserName(undefined)).not.toThrow();
	});
});

describe("an organization", () => {
	test("has a name of 1 to 100 characters that are not all blank", () => {
		expect(() => assertOrganization({ name: "Acme" })).not.toThrow();
		for (const name of ["", "  ", "\n"]) expect(() => assertOrganization({ name })).toThrow("needs a name");
		expect(() => assertOrganization({ name: "x".repeat(101) })).toThrow("at most 100 characters");
	});

	test("gives each member a whole number of requests from 1 to 1,000,000, or no cap", () => {
		for (const requestsPerMember of [1, 1_000_000, null, undefined]) expect(() => assertOrganization({ requestsPerMember })).not.toThrow();
		for (const requestsPerMember of [0, -1, 1.5, 1_000_001, Number.NaN, Number.POSITIVE_INFINITY, "5", true, [5]])
			expect(() => assertOrganization({ requestsPerMember })).toThrow("whole number");
	});
});

test("only a confirmed address may invite", () => {
	expect(() => assertMayInvite({ emailVerified: true })).not.toThrow();
	expect(() => assertMayInvite({ emailVerified: false })).toThrow("Confirm your email address first.");
});
