import { expect, test } from "vitest";
import { ID, LEDGER_ROW_ID, REQUEST_ID } from "./input.ts";
import { entryId, organizationKey, userKey } from "./lib/identity/subject-key.ts";

test("an id has 1 to 64 characters that need no escaping in a path, a cookie or a key", () => {
	for (const id of ["a", "Az_09-", "a".repeat(64), crypto.randomUUID()]) expect(ID.test(id), id).toBe(true);
	for (const id of ["", "a".repeat(65), "a b", "a/b", "a:b", "a.b", "ä", "a\n", "%41"]) expect(ID.test(id), id).toBe(false);
});

test("a request id may also contain colons, and is no longer than an id", () => {
	for (const id of ["regenerate:m1", ":", "a".repeat(64)]) expect(REQUEST_ID.test(id), id).toBe(true);
	for (const id of ["", "a".repeat(65), "a b", "ä", "a\n", '"quoted"']) expect(REQUEST_ID.test(id), id).toBe(false);
});

test("a ledger's row id has room for the longest request id with the longest user id", () => {
	const longest = entryId(organizationKey("o"), userKey("u".repeat(64)), "r".repeat(64));
	expect(LEDGER_ROW_ID.test(longest)).toBe(true);
});
