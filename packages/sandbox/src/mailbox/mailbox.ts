import { nanoid } from "nanoid";
import { z } from "zod";

/** One mail the app sent. */
export interface Mail {
	id: string;
	atMs: number;
	from?: string | undefined;
	to: string;
	subject: string;
	text: string;
	html?: string | undefined;
	/** Its `Idempotency-Key`, and when it arrived by the machine's clock, because the provider's 24 hours do not follow the sandbox's clock. */
	key?: { value: string; atMs: number } | undefined;
}

/** The body of `POST /__sandbox/mail`. */
export const mailSchema = z.strictObject({
	from: z.string().min(1).optional(),
	to: z.string().min(1),
	subject: z.string(),
	text: z.string(),
	html: z.string().optional(),
});

/** How long an idempotency key is remembered, as at Resend. */
const KEY_LIFE_MS = 24 * 3_600_000;

/**
 * Delivers a mail to the mailbox once per idempotency key, as Resend does.
 * @returns the mail, new or delivered by an earlier call; null if the key belongs to another mail
 */
export function deliver(mailbox: Mail[], mail: z.infer<typeof mailSchema>, atMs: number, key?: NonNullable<Mail["key"]>): Mail | null {
	const before = key && mailbox.findLast((one) => one.key?.value === key.value && key.atMs - one.key.atMs < KEY_LIFE_MS);
	if (before) return isSame(before, mail) ? before : null;
	const delivered = { id: `mail_${nanoid()}`, atMs, ...mail, ...(key ? { key } : {}) };
	mailbox.push(delivered);
	return delivered;
}

const isSame = (one: Mail, { from, to, subject, text, html }: z.infer<typeof mailSchema>) =>
	JSON.stringify([one.from, one.to, one.subject, one.text, one.html]) === JSON.stringify([from, to, subject, text, html]);

/** An error body in Resend's format. */
export const mailError = (statusCode: number) => ({
	statusCode,
	name: statusCode === 409 ? "invalid_idempotent_request" : statusCode === 429 ? "rate_limit_exceeded" : "application_error",
	message: statusCode === 409 ? "Same idempotency key used with a different request payload." : "Injected fault",
});
