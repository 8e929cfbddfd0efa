import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "../../text/text.ts";
import type { ConfirmationView } from "../../view/identity.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { confirmEmail, sendConfirmation } from "./session-requests.ts";
import { SignForm } from "./sign-form.tsx";

interface ConfirmLinkProps {
	confirmation: ConfirmationView;
	token: string;
	/** The page to go to afterwards. */
	next: string;
}

/** A confirmation link, opened without being signed in to its account: requires the password, or a new one. */
export function ConfirmLink({ confirmation, token, next }: ConfirmLinkProps) {
	if (confirmation.state === "invalid") return <Says text={t("auth_link_invalid")} next={next} />;
	const { state, email } = confirmation;
	if (state === "confirmed") return <Says text={t("auth_is_confirmed", { email })} next={next} />;
	if (state === "expired") return <Expired email={email} next={next} />;
	return <AskPassword email={email} token={token} next={next} />;
}

function AskPassword({ email, token, next }: { email: string; token: string; next: string }) {
	const [isNew, setIsNew] = useState(false);
	const hydrated = useHydrated();
	async function onSubmit({ password = "" }: Record<string, string>) {
		const problem = await confirmEmail({ token, password, isNew });
		if (problem) return problem;
		// A full load drops everything cached for another viewer.
		const url = new URL(next, location.origin);
		url.searchParams.set("confirmed", "true");
		location.assign(url.pathname + url.search + url.hash);
	}
	return (
		<>
			<p className="mt-2 text-soft wrap-anywhere">{isNew ? t("auth_set_new_for", { email }) : t("auth_enter_password_of", { email })}</p>
			<SignForm
				key={String(isNew)}
				action={isNew ? t("auth_set_and_confirm") : t("auth_confirm")}
				onSubmit={onSubmit}
				fields={[
					isNew
						? {
								name: "password",
								label: t("account_new_password"),
								type: "password",
								autoComplete: "new-password",
								hint: t("auth_8_characters"),
							}
						: { name: "password", label: t("account_password"), type: "password", autoComplete: "current-password" },
				]}
			>
				<p className="text-soft">
					{isNew ? t("auth_know_password") : t("auth_not_you")}{" "}
					<button type="button" className="link text-ink" disabled={!hydrated} onClick={() => setIsNew(!isNew)}>
						{isNew ? t("auth_enter_it") : t("auth_set_new")}
					</button>
				</p>
			</SignForm>
		</>
	);
}

function Expired({ email, next }: { email: string; next: string }) {
	const [outcome, setOutcome] = useState<string>();
	const hydrated = useHydrated();
	async function sendAgain() {
		const problem = await sendConfirmation(email, next);
		setOutcome(problem ? problem.text : t("email_sent_check"));
	}
	return (
		<div className="mt-2 flex flex-col items-start gap-4">
			<p className="text-soft wrap-anywhere">{t("email_link_expired_new", { email })}</p>
			<button type="button" className="button-next" disabled={!hydrated} onClick={() => void sendAgain()}>
				{t("auth_send_new_link")}
			</button>
			<p role="status" className="empty:hidden">
				{outcome}
			</p>
		</div>
	);
}

function Says({ text, next }: { text: string; next: string }) {
	return (
		<div className="mt-2 flex flex-col items-start gap-4">
			<p className="text-soft wrap-anywhere">{text}</p>
			<Link to="/sign-in" search={{ next }} className="button-next">
				{t("frame_sign_in")}
			</Link>
		</div>
	);
}
