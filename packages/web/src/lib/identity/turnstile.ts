import { z } from "zod";
import { config } from "../../config.ts";
import { logFailure } from "../../log.ts";

/** The action of our widgets. A token made for another action is refused. */
export type GuardedAction = "guest" | "sign-up";

const VERIFY_TIMEOUT_MS = 3_000;
const verdictSchema = z.object({ success: z.boolean(), hostname: z.string().optional(), action: z.string().optional() });
type Verdict = z.infer<typeof verdictSchema>;
type Keys = NonNullable<ReturnType<typeof config>["turnstile"]>;

// Siteverify accepts a token once, so a second verification of the same request would refuse a person who has already passed.
const verdicts = new WeakMap<Request, Promise<Verdict | null>>();

/**
 * Whether the request carries a valid Turnstile token from one of our pages, in the header `cf-turnstile-response`. Verified once per request,
 * however often it is called. True without keys. With keys it fails closed, even if Cloudflare itself fails.
 */
export async function isHuman(request: Request, action: GuardedAction): Promise<boolean> {
	const { turnstile } = config();
	if (!turnstile) return true;
	const verifying = verdicts.get(request) ?? verify(request, turnstile);
	verdicts.set(request, verifying);
	const verdict = await verifying;
	if (verdict === null) return false;
	return verdict.success && verdict.hostname === new URL(request.url).hostname && verdict.action === action;
}

/** Siteverify's verdict on the request's token; null without a token or a verdict. Never throws. */
async function verify(request: Request, { verifyUrl, secretKey }: Keys): Promise<Verdict | null> {
	const token = request.headers.get("cf-turnstile-response");
	if (!token || token.length > 2048) return null;
	const remoteip = request.headers.get("cf-connecting-ip") ?? undefined;
	try {
		const response = await fetch(verifyUrl, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ secret: secretKey, response: token, remoteip }),
			signal: AbortSignal.timeout(VERIFY_TIMEOUT_MS),
		});
		return verdictSchema.parse(await response.json());
	} catch (error) {
		logFailure("could not verify a Turnstile token", error);
		return null;
	}
}
