import { z } from "zod";
import { config } from "../../config.ts";
import { logFailure } from "../../log.ts";

/** The action that our widget names. Tokens made for another action are refused. */
const TURNSTILE_ACTION = "guest";

const VERIFY_TIMEOUT_MS = 3_000;
const verdict = z.object({ success: z.boolean(), hostname: z.string().optional(), action: z.string().optional() });

/**
 * Whether the request carries a valid Turnstile token of one of our pages, in the header `cf-turnstile-response`. A token is valid for one call.
 * True without keys. With keys it fails closed, even if Cloudflare itself fails.
 */
export async function isHuman(request: Request): Promise<boolean> {
	const { turnstile } = config();
	if (!turnstile) return true;
	const token = request.headers.get("cf-turnstile-response");
	if (!token || token.length > 2048) return false;
	try {
		const response = await fetch(turnstile.verifyUrl, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({
				secret: turnstile.secretKey,
				response: token,
				remoteip: request.headers.get("cf-connecting-ip") ?? undefined,
			}),
			signal: AbortSignal.timeout(VERIFY_TIMEOUT_MS),
		});
		const { success, hostname, action } = verdict.parse(await response.json());
		return success && hostname === new URL(request.url).hostname && action === TURNSTILE_ACTION;
	} catch (error) {
		logFailure("could not verify a Turnstile token", error);
		return false;
	}
}
