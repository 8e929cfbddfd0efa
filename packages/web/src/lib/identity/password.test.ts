import { scryptSync } from "node:crypto";
import { expect, test, vi } from "vitest";
import { hashPassword, verifyPassword } from "./password.ts";

// Scrypt is slow by design, and slower on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test("a password matches its own hash and no other password does", async () => {
	const hash = await hashPassword("correct horse");
	expect(hash).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
	expect(await verifyPassword({ hash, password: "correct horse" })).toBe(true);
	for (const password of ["correct horse ", "Correct horse", ""]) expect(await verifyPassword({ hash, password })).toBe(false);
});

test("a hash has better-auth's cost, N = 16,384 and r = 16, and an earlier version's hash still matches", async () => {
	const salt = "000102030405060708090a0b0c0d0e0f";
	const key = scryptSync("correct horse", salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 64 * 1024 * 1024 });
	expect(await verifyPassword({ hash: `${salt}:${key.toString("hex")}`, password: "correct horse" })).toBe(true);
	const weaker = scryptSync("correct horse", salt, 64, { N: 8_192, r: 16, p: 1, maxmem: 64 * 1024 * 1024 });
	expect(await verifyPassword({ hash: `${salt}:${weaker.toString("hex")}`, password: "correct horse" })).toBe(false);
});

test("the same password yields another hash each time", async () => {
	expect(await hashPassword("correct horse")).not.toBe(await hashPassword("correct horse"));
});

test("a password matches in any Unicode composition", async () => {
	const hash = await hashPassword("caf\u00e9 au lait");
	expect(await verifyPassword({ hash, password: "cafe\u0301 au lait" })).toBe(true);
});

test("a damaged hash matches no password", async () => {
	for (const hash of ["", ":", "salt:", ":key", "salt", `salt:${"0".repeat(126)}`])
		expect(await verifyPassword({ hash, password: "" }), hash).toBe(false);
});
