import { nameRule } from "../../name-rule.ts";
import type { ProviderId } from "../../sign-in-providers.ts";
import { t } from "../../text/text.ts";
import { tellTabs } from "../tabs.ts";
import { type AuthFailure, postToAuth } from "./auth-request.ts";

/** Why a form was rejected, and the field concerned. */
export type SignProblem = {
	field: "name" | "email" | "password" | "code" | "form";
	text: string;
	/** The first factor is proven, and the second is required. */
	needsSecondFactor?: boolean;
	/** The Turnstile site key, if a check has to be solved first. */
	siteKey?: string | undefined;
};

const sentences = (): Record<string, SignProblem> => ({
	INVALID_EMAIL_OR_PASSWORD: { field: "password", text: t("auth_wrong") },
	USER_ALREADY_EXISTS: { field: "email", text: t("auth_exists") },
	USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: { field: "email", text: t("auth_exists") },
	INVALID_PASSWORD: { field: "password", text: t("auth_wrong_password") },
	INVALID_TOKEN: { field: "form", text: t("auth_link_invalid") },
	TOKEN_EXPIRED: { field: "form", text: t("auth_link_expired") },
	EMAIL_ALREADY_VERIFIED: { field: "form", text: t("auth_confirmed_already") },
	EMAIL_MISMATCH: { field: "form", text: t("auth_other_address") },
	FAILED_TO_CREATE_USER: {
		field: "form",
		text: t("auth_not_created"),
	},
	INVALID_EMAIL: { field: "email", text: t("auth_not_an_email") },
	INVALID_NAME: { field: "name", text: nameRule() },
	INVALID_CODE: { field: "code", text: t("auth_wrong_code") },
	CODE_USED_UP: { field: "code", text: t("auth_code_used_up") },
	LINK_USED_UP: { field: "form", text: t("auth_link_used_up") },
	SIGN_IN_AGAIN: { field: "form", text: t("auth_second_over") },
	SIGN_IN_FIRST: { field: "form", text: t("auth_sign_in_for_email") },
	EMAIL_IS_THE_SAME: { field: "email", text: t("auth_same_email") },
	EMAIL_NOT_VERIFIED: { field: "form", text: t("auth_confirm_first") },
	PASSKEY_REFUSED: { field: "form", text: t("auth_passkey_refused") },
	TOO_MANY_PASSKEYS: { field: "form", text: t("auth_passkeys_full") },
	SECOND_FACTOR_NEEDED: { field: "form", text: t("auth_second_needed"), needsSecondFactor: true },
	PASSWORD_TOO_SHORT: { field: "password", text: t("auth_use_8") },
	PASSWORD_TOO_LONG: { field: "password", text: t("auth_use_at_most_128") },
});

/** Signs in. Resolves to a problem, or to undefined on success. */
export async function signIn(input: { email: string; password: string }): Promise<SignProblem | undefined> {
	return await enter("sign-in/email", input);
}

interface NewAccount {
	name: string;
	email: string;
	password: string;
	/** The page that the confirmation mail links to. */
	callbackURL: string;
}

/** Creates an account and signs in. `humanToken`: a solved Turnstile check. */
export async function signUp(input: NewAccount, humanToken?: string): Promise<SignProblem | undefined> {
	return await enter("sign-up/email", input, humanToken === undefined ? {} : { "cf-turnstile-response": humanToken });
}

/** Sends a confirmation mail. `callbackURL` is the page that its link leads to. */
export async function sendConfirmation(email: string, callbackURL = "/"): Promise<SignProblem | undefined> {
	return await post("send-verification-email", { email, callbackURL });
}

/**
 * Confirms the address of a link's token, signs in here and signs out everywhere else.
 * `isNew`: sets a new password, for a user who did not choose the present one.
 */
export async function confirmEmail(input: { token: string; password: string; isNew: boolean }): Promise<SignProblem | undefined> {
	return await enter("confirm-email", input);
}

/** Changes the password, and ends all other sessions. */
export async function changePassword(input: { currentPassword: string; newPassword: string }): Promise<SignProblem | undefined> {
	return await post("change-password", { ...input, revokeOtherSessions: true });
}

/** Ends the session and loads `next`, so that no viewer data stay in memory or session storage. */
export async function signOut(next = "/"): Promise<SignProblem | undefined> {
	const problem = await post("sign-out", {});
	if (problem) return problem;
	tellTabs("viewer", "signed-out");
	sessionStorage.clear();
	location.assign(next);
}

/** Sends a mail with a code and a link. The response is the same whether or not the address has an account. */
export async function sendMail(purpose: "sign-in" | "reset", email: string, next: string): Promise<SignProblem | undefined> {
	return await post("mail/send", { purpose, email, next });
}

/** Signs in with the code of a mail that this browser requested. */
export async function enterCode(code: string): Promise<SignProblem | undefined> {
	return await enter("mail/code", { code });
}

/** Signs in with a mailed link. */
export async function openMailLink(token: string): Promise<SignProblem | undefined> {
	return await enter("mail/link", { token });
}

/** Sets a new password with a mailed link, and signs in. */
export async function resetPassword(token: string, password: string): Promise<SignProblem | undefined> {
	return await enter("mail/password", { token, password });
}

/** Completes a sign-in with a code of the authenticator app, or a recovery code. */
export async function passSecondFactor(code: string): Promise<SignProblem | undefined> {
	return await enter("second-factor", { code });
}

/** Opens a provider's page, which returns to `next`, or to the sign-in page with the problem. */
export async function goToProvider(provider: ProviderId, next: string): Promise<SignProblem | undefined> {
	const errorCallbackURL = `/sign-in?${new URLSearchParams({ next })}`;
	const asked = await postToAuth<{ url: string }>("sign-in/social", {
		provider,
		callbackURL: next,
		errorCallbackURL,
		disableRedirect: true,
	});
	if (asked.kind !== "done") return toProblem(asked);
	location.assign(asked.answer.url);
}

/** Signs in and notifies the browser's other tabs. */
async function enter(path: string, body: object, headers: Record<string, string> = {}): Promise<SignProblem | undefined> {
	const problem = await post(path, body, headers);
	if (!problem) tellTabs("viewer", "signed-in");
	return problem;
}

/** Posts to a route of the identity server. Resolves to a problem, or to undefined on success. */
export async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<SignProblem | undefined> {
	const result = await postToAuth(path, body, headers);
	return result.kind === "done" ? undefined : toProblem(result);
}

/** A refusal as a form's problem. */
export function toProblem(result: AuthFailure): SignProblem {
	return sentences()[result.code] ?? { field: fieldOf(result), text: result.text, siteKey: result.siteKey };
}

/** The field that a refusal without our own message concerns, derived from its code and text. */
function fieldOf({ kind, code, text }: { kind: string; code: string; text: string }): SignProblem["field"] {
	if (kind !== "refused") return "form";
	const said = `${code} ${text}`.toLowerCase();
	return (["email", "password", "name"] as const).find((field) => said.includes(field)) ?? "form";
}
