import { describe, expect, test } from "vitest";
import { acceptedStep, base32, codeAt, stepAt } from "./one-time-code.ts";

const secret = new TextEncoder().encode("12345678901234567890");

describe("an authenticator app's code", () => {
	test.each([
		[59, "287082"],
		[1111111109, "081804"],
		[1111111111, "050471"],
		[1234567890, "005924"],
		[2000000000, "279037"],
		[20000000000, "353130"],
	])("is that of RFC 6238, appendix B, at %d s", (seconds, code) => {
		expect(codeAt(secret, stepAt(seconds * 1000))).toBe(code);
	});

	test("is accepted at most one step early or late, and once", () => {
		const nowMs = 1_700_000_000_000;
		const step = stepAt(nowMs);
		const accepted = [-2, -1, 0, 1, 2].map((off) => acceptedStep(secret, codeAt(secret, step + off), nowMs, 0));
		expect(accepted).toEqual([null, step - 1, step, step + 1, null]);
		expect(acceptedStep(secret, codeAt(secret, step), nowMs, step)).toBeNull();
		expect(acceptedStep(secret, codeAt(secret, step - 1), nowMs, step)).toBeNull();
	});
});

test("a secret is encoded in base 32 (RFC 4648) without padding", () => {
	const written = ["f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => base32(new TextEncoder().encode(text)));
	expect(written).toEqual(["MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"]);
});
