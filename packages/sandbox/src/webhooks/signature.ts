import { createHmac } from "node:crypto";

/**
 * Svix's headers of one attempt: HMAC-SHA256 over `id.timestamp.body`, keyed with the base64 bytes after `whsec_`.
 * `timestampSeconds` is the machine's time, because the receiver compares it with its own.
 */
export function signedHeaders(
	{ id, timestampSeconds, body }: { id: string; timestampSeconds: number; body: string },
	secret: string,
): Record<string, string> {
	const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
	const signature = createHmac("sha256", key).update(`${id}.${timestampSeconds}.${body}`).digest("base64");
	return { "svix-id": id, "svix-timestamp": String(timestampSeconds), "svix-signature": `v1,${signature}` };
}
