import { nanoid } from "nanoid";
import { z } from "zod";

export interface Mail {
	id: string;
	atMs: number;
	from?: string | undefined;
	to: string;
	subject: string;
	text: string;
}

export const mailSchema = z.strictObject({
	from: z.string().min(1).optional(),
	to: z.string().min(1),
	subject: z.string(),
	text: z.string(),
});

export function deliver(mailbox: Mail[], mail: z.infer<typeof mailSchema>, atMs: number): Mail {
	const delivered = { id: `mail_${nanoid()}`, atMs, ...mail };
	mailbox.push(delivered);
	return delivered;
}
