import { and, eq } from "drizzle-orm";
import { config } from "../../../config.ts";
import { db } from "../../../db/connection.ts";
import { mailSettings, members, users } from "../../../db/schema.ts";
import { instant, number } from "../../../text/format.ts";
import { t } from "../../../text/text.ts";
import { writingFor } from "../../../text/writing-for.ts";
import { externalIdOf, kindOf } from "../subject-key.ts";
import { type Draft, momentInMail } from "./letter.ts";
import { withdraw } from "./outbox.ts";
import { sendEmail } from "./send.ts";

const PLAN_ENDS_BEFORE_MS = 3 * 86_400_000;

/** An event of a subject's plan. Times are ISO 8601. */
export type PlanEvent =
	/** `since` distinguishes one failure from the next. */
	| { kind: "payment-failed"; since: number }
	| { kind: "plan-ends"; at: string }
	/** `isPlan`: about a paid plan, not the free day. `until` is null if nothing resets. */
	| { kind: "used"; percent: 80 | 100; used: number; limit: number; windowStart: string; until: string | null; isPlan: boolean };

interface Recipient {
	id: string;
	email: string;
	language: "en" | "de" | null;
	tellsUsage: boolean | null;
}

/**
 * Notifies a user, or each owner of an organization, of an event by mail. Idempotent per event and recipient. The end of a plan is announced three
 * days ahead. @returns whether the outbox has every mail
 * @throws when the database does not answer
 */
export async function tellByMail(key: string, event: PlanEvent): Promise<boolean> {
	const recipients = (await recipientsOf(key)).filter(({ tellsUsage }) => event.kind !== "used" || (tellsUsage ?? event.isPlan));
	const kept = await Promise.all(
		recipients.map(({ id, email, language }) =>
			writingFor({ language: language ?? "en", timeZone: null }, () =>
				sendEmail({
					to: email,
					userId: id,
					event: `${nameOf(event)}/${key}/${id}`,
					...(event.kind === "plan-ends" ? { topic: endsTopic(key), notBeforeMs: Date.parse(event.at) - PLAN_ENDS_BEFORE_MS } : {}),
					...draftOf(event),
				}),
			),
		),
	);
	return kept.every(Boolean);
}

/** Withdraws the mail announcing a plan's end. @throws when the database does not answer */
export const planGoesOn = (key: string): Promise<void> => withdraw(endsTopic(key));

const endsTopic = (key: string) => `plan-ends/${key}`;

function nameOf(event: PlanEvent): string {
	if (event.kind === "payment-failed") return `payment-failed/${event.since}`;
	return event.kind === "plan-ends" ? `plan-ends/${event.at}` : `used-${event.percent}/${event.windowStart}`;
}

/** Confirmed addresses only: anyone can sign up with any address. */
async function recipientsOf(key: string): Promise<Recipient[]> {
	const columns = { id: users.id, email: users.email, language: mailSettings.language, tellsUsage: mailSettings.tellsUsage };
	const id = externalIdOf(key);
	if (kindOf(key) === "user")
		return db()
			.select(columns)
			.from(users)
			.leftJoin(mailSettings, eq(mailSettings.userId, users.id))
			.where(and(eq(users.id, id), eq(users.emailVerified, true)));
	return db()
		.select(columns)
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.leftJoin(mailSettings, eq(mailSettings.userId, users.id))
		.where(and(eq(members.organizationId, id), eq(members.role, "owner"), eq(users.emailVerified, true)));
}

function draftOf(event: PlanEvent): Draft {
	const { appOrigin } = config();
	const pageOf = (name: string) => `${appOrigin ?? ""}/account/${name}`;
	const link = pageOf("plan");
	switch (event.kind) {
		case "payment-failed":
			return { subject: t("mail_payment_subject"), text: t("mail_payment", { link }), action: t("mail_payment_action") };
		case "plan-ends": {
			const day = instant(event.at, "date");
			return { subject: t("mail_ends_subject", { day }), text: t("mail_ends", { day, link }), action: t("mail_ends_action") };
		}
		case "used": {
			const values = { used: number(event.used), limit: number(event.limit) };
			const resets = event.until === null ? "" : `\n\n${t("mail_used_until", { moment: momentInMail(event.until) })}`;
			const text = (event.percent === 80 ? t("mail_used_80", values) : t("mail_used_100", values)) + resets;
			const settings = `\n\n${t("mail_used_settings")}\n\n${pageOf("usage")}`;
			const subject = event.percent === 80 ? t("mail_used_80_subject") : t("mail_used_100_subject");
			return { subject, text: text + settings, action: t("mail_used_action") };
		}
	}
}
