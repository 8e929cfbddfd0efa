import { config, emailBinding } from "../../../config.ts";
import { logFailure, logMail, logNote } from "../../../log.ts";

/** A mail ready to send. */
export interface Letter {
	from: string;
	to: string;
	subject: string;
	html: string;
	text: string;
}

/**
 * The outcome of an attempt. `later`: not sent, may be retried. `refused`: this mail is never accepted. `unknown`: possibly sent, so only a
 * transport that supports idempotency keys may retry it.
 */
export type Outcome = "sent" | "later" | "refused" | "unknown";

const TIMEOUT_MS = 10_000;

/** Whether two sends with the same key yield one mail. Cloudflare's binding has no idempotency keys. */
export const knowsKeys = (): boolean => config().email.kind !== "cloudflare";

/** Makes one attempt. Never throws, and logs neither address nor text. @param key the same for every attempt of a mail, at most 256 characters */
export async function attempt(letter: Letter, key: string): Promise<Outcome> {
	const { email } = config();
	if (email.kind === "http") return overHttp(email, letter, key);
	if (email.kind === "cloudflare") return overBinding(letter);
	logMail(letter);
	return "sent";
}

/** An endpoint compatible with Resend, which keeps a key for 24 hours: https://resend.com/docs/dashboard/emails/idempotency-keys */
async function overHttp({ url, apiKey }: { url: string; apiKey: string | undefined }, letter: Letter, key: string): Promise<Outcome> {
	try {
		const response = await fetch(url, {
			method: "POST",
			headers: {
				"content-type": "application/json",
				"idempotency-key": key,
				...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
			},
			body: JSON.stringify(letter),
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
		await response.body?.cancel();
		if (response.ok) return "sent";
		logNote(`could not send a mail: status ${response.status}`);
		return outcomeOf(response.status);
	} catch (error) {
		logFailure("could not send a mail", error);
		return "unknown";
	}
}

function outcomeOf(status: number): Outcome {
	if (status >= 500) return "unknown";
	// 409: an attempt with this key is in progress. 401 and 403: the deployment's API key is wrong, which its operator can fix.
	return [401, 403, 408, 409, 425, 429].includes(status) ? "later" : "refused";
}

/** Error codes meaning that the binding did not accept the mail: https://developers.cloudflare.com/email-service/api/send-emails/workers-api/ */
const NOT_TAKEN = /LIMIT_EXCEEDED|SENDER|DOMAIN/;
const NEVER_TAKEN = /VALIDATION|FIELD_MISSING|RECIPIENT|TOO_LARGE|HEADER|CONTENT/;

async function overBinding(letter: Letter): Promise<Outcome> {
	try {
		await emailBinding().send(letter);
		return "sent";
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "";
		logNote(`could not send a mail: ${code || "the binding gave no reason"}`);
		if (NOT_TAKEN.test(code)) return "later";
		return NEVER_TAKEN.test(code) ? "refused" : "unknown";
	}
}
