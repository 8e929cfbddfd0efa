import { useState } from "react";
import { sendConfirmation } from "./session-requests.ts";

interface UnconfirmedEmailProps {
	email: string;
	mailboxUrl: string | null;
	/** What needs a confirmed address: completes "before you can". */
	purpose: string;
	/** The page that the link in the mail leads to. */
	path: string;
}

/** Says that an action needs a confirmed email address, and sends the confirmation link again. */
export function UnconfirmedEmail({ email, mailboxUrl, purpose, path }: UnconfirmedEmailProps) {
	const [outcome, setOutcome] = useState<string>();
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setOutcome(problem ? problem.text : "Sent. The newest link is the one that works.");
	}
	return (
		<div role="status" className="flex flex-col items-start gap-3">
			<p className="wrap-anywhere">
				One step before you can {purpose}: confirm your address. Open the link that we sent to {email}, then load this page again.
			</p>
			<div className="flex flex-wrap gap-2">
				{mailboxUrl && (
					<a href={mailboxUrl} target="_blank" rel="noopener" className="button-next">
						Open the local mailbox
					</a>
				)}
				<button type="button" className="button-plain" onClick={() => void sendAgain()}>
					Send the link again
				</button>
			</div>
			{outcome && <p className="text-small text-soft">{outcome}</p>}
		</div>
	);
}
