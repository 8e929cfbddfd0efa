import { config, emailBinding } from "../../../config.ts";
import { logFailure, logMail, logNote } from "../../../log.ts";

/** A mail as it is sent. */
export interface Letter {
	from: string;
	to: string;
	subject: string;
	html: string;
	text: string;
}

/**
 * What became of an attempt. `later`: not taken, and it may be tried again. `refused`: this mail is never taken. `unknown`: perhaps taken, and only a
 * transport that knows the key may be asked again.
 */
export type Outcome = "sent" | "later" | "refused" | "unknown";

const TIMEOUT_MS = 10_000;

/** Whether the same key sent twice is one mail. Cloudflare's binding knows no keys. */
export const knowsKeys = (): boolean => config().email.kind !== "cloudflare";

/** Makes one attempt. Never throws, and logs neither address nor text. @param key the same for each attempt of a mail, at most 256 characters */
export async function attempt(letter: Letter, key: string): Promise<Outcome> {
	const { email } = config();
	if (email.kind === "http") return overHttp(email, letter, key);
	if (email.kind === "cloudflare") return overBinding(letter);
	logMail(letter);
	return "sent";
}

/** An endpoint in the form of Resend's, which keeps a key for 24 hours: https://resend.com/docs/dashboard/emails/idempotency-keys */
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
	// 409: an attempt with this key is under way. 401 and 403: the key of the deployment, which its operator can repair.
	return [401, 403, 408, 409, 425, 429].includes(status) ? "later" : "refused";
}

/** Codes with which the binding says that it took nothing: https://developers.cloudflare.com/email-service/api/send-emails/workers-api/ */
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
