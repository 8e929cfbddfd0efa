import { config } from "../../../config.ts";
import { logFailure } from "../../../log.ts";
import { type Draft, letterOf } from "./letter.ts";
import { type Posting, post } from "./outbox.ts";

/** A mail to an address, in the reader's language. */
export interface Mail extends Draft, Pick<Posting, "userId" | "topic" | "notBeforeMs" | "usefulForMs"> {
	to: string;
	/** Identifies the event, such as one failed invoice, so that it is mailed once. Absent: each call is its own event. */
	event?: string;
	/** This deployment's origin, for the links below the mail. Absent: APP_ORIGIN. */
	origin?: string;
}

/**
 * Sends a mail once, or logs it if no transport is configured. Logs failures and never throws: a sign-up must not fail because of its mail.
 * @returns whether it is in the outbox
 */
export async function sendEmail({ to, event = crypto.randomUUID(), origin, subject, text, action, ...posting }: Mail): Promise<boolean> {
	const { email, appOrigin } = config();
	const { html, text: plain } = letterOf({ subject, text, ...(action === undefined ? {} : { action }) }, origin ?? appOrigin);
	try {
		await post({ event, letter: { from: email.from, to, subject, html, text: plain }, ...posting });
		return true;
	} catch (error) {
		logFailure("could not store a mail", error);
		return false;
	}
}
