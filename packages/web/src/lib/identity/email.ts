import { config } from "../../config.ts";

export interface Mail {
	to: string;
	subject: string;
	text: string;
}

/**
 * Sends one mail. Without EMAIL_URL it is written to the log, where whoever runs the app finds the link.
 * A failure is logged and not thrown: the reader can ask for the mail again, and no sign-up fails for it.
 */
export async function sendEmail(mail: Mail): Promise<void> {
	const { email } = config();
	if (email.kind === "log") {
		console.log(`mail to ${mail.to}: ${mail.subject}\n${mail.text}`);
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
		if (!response.ok) console.error(`mail to ${mail.to} was refused with status ${response.status}`);
	} catch (error) {
		console.error(`mail to ${mail.to} failed: ${error}`);
	}
}
