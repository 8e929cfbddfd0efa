import { useState } from "react";
import { sendConfirmation } from "./session-requests.ts";

interface UnconfirmedEmailProps {
	email: string;
	mailboxUrl: string | null;
	/** What the address has to be confirmed for, after "before you can". */
	purpose: string;
	/** The page that the link in a new mail leads back to. */
	path: string;
}

export function UnconfirmedEmail({ email, mailboxUrl, purpose, path }: UnconfirmedEmailProps) {
	const [told, setTold] = useState<string>();
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setTold(problem ? problem.text : "Sent. The newest link is the one that works.");
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
			{told && <p className="text-small text-soft">{told}</p>}
		</div>
	);
}
