import { expect, test, vi } from "vitest";

vi.mock("cloudflare:workers", () => ({ env: {} }));
const { expiryOf, mintConfirmation } = await import("./confirmation.ts");

const NOW_MS = 1_796_000_000_000;
const SECRET = "a secret of the tests";
const ada = { id: "u1", email: "ada@example.com" };
const token = mintConfirmation(ada, SECRET, NOW_MS);

test("a confirmation token expires after an hour", () => {
	expect(expiryOf(token, ada, SECRET)).toBe(NOW_MS + 3_600_000);
});

test("a confirmation token is valid for one user and one address only", () => {
	expect(expiryOf(token, { ...ada, id: "u2" }, SECRET)).toBeNull();
	expect(expiryOf(token, { ...ada, email: "eve@example.com" }, SECRET)).toBeNull();
	expect(expiryOf(token.replace("u1", "u2"), { ...ada, id: "u2" }, SECRET)).toBeNull();
	expect(expiryOf(token, ada, "another secret")).toBeNull();
});

test("a confirmation token cannot be altered in its expiry, signature or parts", () => {
	const [id, expires, signature] = token.split(".");
	for (const altered of [
		`${id}.${Number(expires) + 1}.${signature}`,
		`${id}.${expires}.`,
		`${id}.${expires}`,
		`${id}..${signature}`,
		`${token}.more`,
		`${token}A`,
		token.slice(0, -1),
		"",
		"..",
	])
		expect(expiryOf(altered, ada, SECRET), altered).toBeNull();
});
