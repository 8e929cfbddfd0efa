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
}

/** The body of `POST /__sandbox/mail`. */
export const mailSchema = z.strictObject({
	from: z.string().min(1).optional(),
	to: z.string().min(1),
	subject: z.string(),
	text: z.string(),
});

/** Puts a mail into the mailbox. */
export function deliver(mailbox: Mail[], mail: z.infer<typeof mailSchema>, atMs: number): Mail {
	const delivered = { id: `mail_${nanoid()}`, atMs, ...mail };
	mailbox.push(delivered);
	return delivered;
}
