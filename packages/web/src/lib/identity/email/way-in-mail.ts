import { waitUntil } from "cloudflare:workers";
import { logFailure } from "../../../log.ts";
import { PROVIDER_NAMES, type ProviderId } from "../../../sign-in-providers.ts";
import { t } from "../../../text/text.ts";
import { deviceInMail, momentInMail } from "./letter.ts";
import { sendEmail } from "./send.ts";

/**
 * A change to how an account is entered. The owner is notified of each, because an attacker makes one to keep access. `user` is the account
 * before the change, so the mail about a new address goes to the old one.
 */
export type WayInChange = { user: { id: string; email: string; emailVerified: boolean } } & (
	| { kind: "password-changed" | "password-set" | "password-reset" }
	| { kind: "passkey-added" | "passkey-removed" }
	| { kind: "second-factor-on" | "second-factor-off" | "recovery-renewed" }
	| { kind: "provider-linked" | "provider-unlinked"; provider: ProviderId }
	| { kind: "email-changed"; to: string }
	| { kind: "api-key-made" }
);

/**
 * Sends the mail about a completed change in the background, after the response. Never throws: the change stands even if its mail fails.
 * An unconfirmed address gets none, because anyone can sign up with it.
 */
export function tellOfChange(request: Request, change: WayInChange): void {
	if (!change.user.emailVerified) return;
	waitUntil(send(request, change).catch((error: unknown) => logFailure("could not tell of a changed way in", error)));
}

async function send(request: Request, change: WayInChange): Promise<void> {
	const { kind, user } = change;
	const { origin } = new URL(request.url);
	const what = whatOf(change);
	const where = { device: deviceInMail(request.headers.get("user-agent") ?? ""), moment: momentInMail(new Date().toISOString()) };
	const page = `${origin}/account/${kind === "api-key-made" ? "keys" : "profile"}`;
	const text =
		kind === "email-changed"
			? t("mail_way_in_email", { ...where, to: change.to, page })
			: t("mail_way_in", { ...where, what, forgot: t("auth_forgot"), signIn: `${origin}/sign-in`, page });
	await sendEmail({
		to: user.email,
		userId: user.id,
		// Each write is its own event: two keys created in one second yield two mails.
		event: `way-in/${kind}/${crypto.randomUUID()}`,
		origin,
		subject: what,
		text,
		action: t("mail_way_in_action"),
	});
}

/** Describes the change in one sentence. */
function whatOf(change: WayInChange): string {
	switch (change.kind) {
		case "password-changed":
			return t("mail_way_in_password");
		case "password-set":
			return t("mail_way_in_password_set");
		case "password-reset":
			return t("mail_way_in_password_reset");
		case "passkey-added":
			return t("mail_way_in_passkey");
		case "passkey-removed":
			return t("mail_way_in_passkey_removed");
		case "second-factor-on":
			return t("mail_way_in_second_on");
		case "second-factor-off":
			return t("mail_way_in_second_off");
		case "recovery-renewed":
			return t("mail_way_in_recovery");
		case "provider-linked":
			return t("mail_way_in_linked", { provider: PROVIDER_NAMES[change.provider] });
		case "provider-unlinked":
			return t("mail_way_in_unlinked", { provider: PROVIDER_NAMES[change.provider] });
		case "email-changed":
			return t("mail_way_in_email_subject");
		case "api-key-made":
			return t("mail_way_in_key");
	}
}
