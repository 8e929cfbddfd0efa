import { z } from "zod";
import { config } from "../../config.ts";

/** What the widget on the page names as its purpose; a token made for another is not believed. */
const TURNSTILE_ACTION = "guest";

const VERIFY_TIMEOUT_MS = 3_000;
const verdict = z.object({ success: z.boolean(), hostname: z.string().optional(), action: z.string().optional() });

/**
 * Whether whoever asks has just solved Cloudflare's Turnstile on one of our pages (its token is in the header `cf-turnstile-response`). Without
 * keys everyone is believed; with keys no failure, not even Cloudflare's own, lets anyone through. A token is good for one call.
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
		console.error(`turnstile could not be asked: ${error}`);
		return false;
	}
}
