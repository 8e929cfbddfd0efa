import { expect, test, vi } from "vitest";
import { hashPassword, verifyPassword } from "./password.ts";

// Scrypt is slow on purpose, and slower on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test("a password matches its own hash and no other password does", async () => {
	const hash = await hashPassword("correct horse");
	expect(hash).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
	expect(await verifyPassword({ hash, password: "correct horse" })).toBe(true);
	for (const password of ["correct horse ", "Correct horse", ""]) expect(await verifyPassword({ hash, password })).toBe(false);
});

test("the same password has another hash each time", async () => {
	expect(await hashPassword("correct horse")).not.toBe(await hashPassword("correct horse"));
});

test("a password matches however its characters are composed", async () => {
	const hash = await hashPassword("caf\u00e9 au lait");
	expect(await verifyPassword({ hash, password: "cafe\u0301 au lait" })).toBe(true);
});

test("a damaged hash matches no password", async () => {
	for (const hash of ["", ":", "salt:", ":key", "salt", `salt:${"0".repeat(126)}`])
		expect(await verifyPassword({ hash, password: "" }), hash).toBe(false);
});
