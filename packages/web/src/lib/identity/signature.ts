import { createHmac, timingSafeEqual } from "node:crypto";

/** HMAC-SHA-256 of a text as base64url, 43 characters. */
export function sign(text: string, secret: string): string {
	return createHmac("sha256", secret).update(text).digest("base64url");
}

/** Whether any of the secrets signed the text. Compares in constant time. */
export function isSigned(text: string, signature: string, secrets: readonly string[]): boolean {
	const given = Buffer.from(signature);
	return secrets.some((secret) => {
		const expected = Buffer.from(sign(text, secret));
		return expected.length === given.length && timingSafeEqual(expected, given);
	});
}
