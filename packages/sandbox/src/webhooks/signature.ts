import { createHmac } from "node:crypto";

/**
 * The headers of one attempt, as Svix signs: HMAC-SHA256 over `id.timestamp.body` with the bytes behind `whsec_`.
 * `timestampSeconds` is the machine's time, since the receiver compares it with its own.
 */
export function signedHeaders(
	{ id, timestampSeconds, body }: { id: string; timestampSeconds: number; body: string },
	secret: string,
): Record<string, string> {
	const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
	const signature = createHmac("sha256", key).update(`${id}.${timestampSeconds}.${body}`).digest("base64");
	return { "svix-id": id, "svix-timestamp": String(timestampSeconds), "svix-signature": `v1,${signature}` };
}
