import { config } from "../../../config.ts";
import { logFailure } from "../../../log.ts";
import { type Draft, letterOf } from "./letter.ts";
import { type Posting, post } from "./outbox.ts";

/** A mail to an address, in the reader's language. */
export interface Mail extends Draft, Pick<Posting, "userId" | "topic" | "notBeforeMs" | "usefulForMs"> {
	to: string;
	/** Names the event that the mail is of, such as an invoice that failed: it is sent once. Absent: each call is an event. */
	event?: string;
	/** Where the pages of this deployment are, for the links below the mail. Absent: APP_ORIGIN. */
	origin?: string;
}

/**
 * Sends a mail once, or writes it to the log if no way to send is configured. Logs failures and never throws: a sign-up must not fail because of its
 * mail. @returns whether the outbox has it
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
