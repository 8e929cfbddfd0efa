import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "../../text/text.ts";
import type { EmailChangeView } from "../../view/identity.ts";
import { post } from "./session-requests.ts";
import { SignForm } from "./sign-form.tsx";

/** The page of a link that changes the address, sent to the present or the new one. */
export function EmailChange({ change, token }: { change: EmailChangeView; token: string }) {
	const [done, setDone] = useState(false);
	if (!change) return <Says text={t("auth_link_used_up")} />;
	const { step, from, to, isHere } = change;
	if (done) return <Says text={step === "present" ? t("email_change_allowed", { to }) : t("email_change_done", { to })} />;
	if (step === "new" && !isHere)
		return (
			<div className="mt-2 flex flex-col items-start gap-4">
				<p className="text-soft">{t("auth_sign_in_for_email")}</p>
				<Link to="/sign-in" search={{ next: `/change-email?${new URLSearchParams({ token })}` }} className="button-next">
					{t("frame_sign_in")}
				</Link>
			</div>
		);
	return (
		<>
			<p className="mt-2 text-soft wrap-anywhere">{t("email_change_from_to", { from, to })}</p>
			<SignForm
				action={step === "present" ? t("email_change_allow") : t("email_change_confirm")}
				onSubmit={async () => {
					const problem = await post("change-email/approve", { token });
					if (!problem) setDone(true);
					return problem;
				}}
				fields={[]}
			/>
		</>
	);
}

function Says({ text }: { text: string }) {
	return (
		<div className="mt-2 flex flex-col items-start gap-4">
			<p role="status" className="text-soft wrap-anywhere">
				{text}
			</p>
			<Link to="/account/profile" className="button-plain">
				{t("email_change_back")}
			</Link>
		</div>
	);
}
