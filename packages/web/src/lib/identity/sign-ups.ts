import { env } from "cloudflare:workers";
import { APIError } from "better-auth/api";
import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import { now } from "../time/clock.ts";
import { networkOf } from "./network.ts";
import { type PoolKey, signUpsKey } from "./subject-key.ts";

/** The ledger of today's sign-ups (UTC) on the request's network. Null on loopback. */
export function signUpsOf(request: Request): PoolKey | null {
	const day = new Date(now()).toISOString().slice(0, 10);
	const network = networkOf(request, day, config().guestCookieSecrets[0]);
	return network === null ? null : signUpsKey(day, network);
}

/** Counts an account opened by a provider or issuer towards the network's daily sign-ups. @returns whether there was room */
export async function hasPlaceForSignUp(request: Request): Promise<boolean> {
	const key = signUpsOf(request);
	if (key === null) return true;
	const ledger = env.USAGE_LEDGER.getByName(key);
	const id = crypto.randomUUID();
	const { outcome } = await ledger.hold(key, { id, fingerprint: "", units: 1, chatId: null });
	if (outcome.kind === "refused") return false;
	await ledger.settle(id);
	return true;
}

/**
 * Counts a sign-up, for better-auth.
 * @throws {APIError} 429 if the network has reached its limit
 */
export async function takeSignUp(request: Request): Promise<void> {
	if (await hasPlaceForSignUp(request)) return;
	throw new APIError("TOO_MANY_REQUESTS", { code: "TOO_MANY_SIGN_UPS", message: t("problem_sign_ups") });
}
