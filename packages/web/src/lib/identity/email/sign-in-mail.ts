import { eq } from "drizzle-orm";
import { db } from "../../../db/connection.ts";
import { sessions, users } from "../../../db/schema.ts";
import { t } from "../../../text/text.ts";
import { deviceInMail, momentInMail } from "./letter.ts";
import { sendEmail } from "./send.ts";

/**
 * Routes whose session the mailbox or the account's owner has just proven, so a mail would contain nothing new. A changed password sends its
 * own mail.
 */
const NO_NEWS = /^\/(?:sign-up|confirm-email|verify-email|mail|change-password)/;

interface Opened {
	id: string;
	userId: string;
	userAgent?: string | null | undefined;
	createdAt: Date;
}

/**
 * Notifies an account of a sign-in from a browser that has no other session of it.
 * @param path the route that opened the session; undefined if the server itself did
 */
export async function tellOfSignIn({ id, userId, userAgent, createdAt }: Opened, path: string | undefined, origin: string): Promise<void> {
	if (path === undefined || NO_NEWS.test(path)) return;
	const [user] = await db()
		.select({ email: users.email, isConfirmed: users.emailVerified })
		.from(users)
		.where(eq(users.id, userId))
		.limit(1);
	if (!user?.isConfirmed) return;
	const device = deviceInMail(userAgent ?? "");
	const others = await db().select({ id: sessions.id, userAgent: sessions.userAgent }).from(sessions).where(eq(sessions.userId, userId));
	if (others.some((other) => other.id !== id && other.userAgent === userAgent)) return;
	const moment = momentInMail(createdAt.toISOString());
	await sendEmail({
		to: user.email,
		userId,
		event: `sign-in/${id}`,
		origin,
		subject: t("mail_new_sign_in_subject"),
		text: t("mail_new_sign_in", { device, moment, link: `${origin}/account/profile` }),
		action: t("mail_new_sign_in_action"),
	});
}
