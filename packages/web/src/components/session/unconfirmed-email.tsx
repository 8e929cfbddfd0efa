import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "../../text/text.ts";
import { useConfirmed } from "./confirmed.ts";
import { sendConfirmation } from "./session-requests.ts";

interface UnconfirmedEmailProps {
	email: string;
	mailboxUrl: string | null;
	/** The action that requires a confirmed address. */
	purpose: "pay" | "join";
	/** The page that the mailed link opens. */
	path: string;
}

/** Says that an action requires a confirmed email address, and resends the confirmation link. */
export function UnconfirmedEmail({ email, mailboxUrl, purpose, path }: UnconfirmedEmailProps) {
	const [outcome, setOutcome] = useState<string>();
	const router = useRouter();
	useConfirmed(() => void router.invalidate());
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setOutcome(problem ? problem.text : t("email_sent_check"));
	}
	return (
		<div role="status" className="flex flex-col items-start gap-3">
			<p className="wrap-anywhere">{purpose === "pay" ? t("auth_confirm_to_pay", { email }) : t("auth_confirm_to_join", { email })}</p>
			<div className="flex flex-wrap gap-2">
				{mailboxUrl && (
					<a href={mailboxUrl} target="_blank" rel="noopener" className="button-next">
						{t("email_open_local_mailbox")}
					</a>
				)}
				<button type="button" className="button-plain" onClick={() => void sendAgain()}>
					{t("email_send_again")}
				</button>
			</div>
			{outcome && <p className="text-small text-soft">{outcome}</p>}
		</div>
	);
}
