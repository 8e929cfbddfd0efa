import { env } from "cloudflare:workers";
import { signUpsOf } from "../identity/sign-ups.ts";
import { isHuman } from "../identity/turnstile.ts";
import { challengeResponse, signUpLimitResponse } from "./limits.ts";

/**
 * Runs a sign-up that passes Turnstile and its network's daily limit; otherwise an account would bypass every guest limit. The slot
 * is taken before the account is created and released if it is refused, so racing sign-ups never exceed the limit.
 * @returns the answer of `signUp`, or 403 or 429 without calling it
 */
export async function guardSignUp(request: Request, signUp: () => Promise<Response>): Promise<Response> {
	if (!(await isHuman(request, "sign-up"))) return challengeResponse("sign-up");
	const key = signUpsOf(request);
	if (key === null) return signUp();
	const ledger = env.USAGE_LEDGER.getByName(key);
	const id = crypto.randomUUID();
	const { outcome } = await ledger.hold(key, { id, fingerprint: "", units: 1, chatId: null });
	if (outcome.kind === "refused") return signUpLimitResponse(outcome.refusal);
	// Only a refusal proves that no account was created.
	let isRefused = false;
	try {
		const answer = await signUp();
		isRefused = answer.status >= 400 && answer.status < 500;
		return answer;
	} finally {
		if (isRefused) await ledger.release(id, "refused");
		else await ledger.settle(id);
	}
}
