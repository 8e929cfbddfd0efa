import { Link } from "@tanstack/react-router";
import { t } from "../../text/text.ts";
import type { MailLinkView } from "../../view/identity.ts";
import { nextPath } from "./next-path.ts";
import { openMailLink, resetPassword, type SignProblem } from "./session-requests.ts";
import { SignForm } from "./sign-form.tsx";

/**
 * The page of a mailed link: signs in, or sets a new password. It acts only on a press, because mail programs open links too, and it names the
 * account, because the link may be someone else's.
 */
export function MailLink({ link, token }: { link: MailLinkView; token: string }) {
	if (!link) return <UsedUp />;
	const { purpose, email, next } = link;

	/** @returns the problem, unless the page is left */
	function after(problem: SignProblem | undefined): SignProblem | undefined {
		if (problem?.needsSecondFactor) return void location.assign(`/sign-in?${new URLSearchParams({ next, error: "SECOND_FACTOR_NEEDED" })}`);
		// A full load drops everything cached for another viewer.
		if (!problem) location.assign(nextPath(next));
		return problem;
	}

	if (purpose === "sign-in")
		return (
			<>
				<h1 className="font-semibold text-display tracking-tight">{t("frame_sign_in")}</h1>
				<p className="mt-2 text-soft wrap-anywhere">{t("auth_sign_in_as", { email })}</p>
				<SignForm action={t("frame_sign_in")} onSubmit={async () => after(await openMailLink(token))} fields={[]} />
			</>
		);
	return (
		<>
			<h1 className="font-semibold text-display tracking-tight">{t("auth_new_password")}</h1>
			<p className="mt-2 text-soft wrap-anywhere">{t("auth_new_password_for", { email })}</p>
			<SignForm
				action={t("auth_set_and_sign_in")}
				onSubmit={async ({ password = "" }) => after(await resetPassword(token, password))}
				fields={[
					{
						name: "password",
						label: t("account_new_password"),
						type: "password",
						autoComplete: "new-password",
						hint: t("auth_8_characters"),
					},
				]}
			/>
		</>
	);
}

function UsedUp() {
	return (
		<div className="flex flex-col items-start gap-4">
			<h1 className="font-semibold text-display tracking-tight">{t("auth_link_over")}</h1>
			<p className="text-soft">{t("auth_link_over_text")}</p>
			<Link to="/sign-in" className="button-next">
				{t("frame_sign_in")}
			</Link>
		</div>
	);
}
