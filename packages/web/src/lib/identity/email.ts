import { config } from "../../config.ts";
import { logFailure, logMail, logNote } from "../../log.ts";

export interface Mail {
	to: string;
	subject: string;
	text: string;
}

/**
 * Sends a mail, or writes it to the log if EMAIL_URL is not set. Logs failures and never throws: a sign-up must not fail because of its mail, and
 * the user can request another.
 */
export async function sendEmail(mail: Mail): Promise<void> {
	const { email } = config();
	if (email.kind === "log") {
		logMail(mail);
		return;
	}
	try {
		const response = await fetch(email.url, {
			method: "POST",
			headers: { "content-type": "application/json", ...(email.apiKey ? { authorization: `Bearer ${email.apiKey}` } : {}) },
			body: JSON.stringify({ from: email.from, ...mail }),
			signal: AbortSignal.timeout(5_000),
		});
		await response.body?.cancel();
		if (!response.ok) logNote(`could not send a mail: status ${response.status}`);
	} catch (error) {
		logFailure("could not send a mail", error);
	}
}
