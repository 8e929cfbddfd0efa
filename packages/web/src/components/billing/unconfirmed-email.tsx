import { useState } from "react";
import { sendConfirmation } from "../session/session-requests.ts";

export function UnconfirmedEmail({ email, mailboxUrl }: { email: string; mailboxUrl: string | null }) {
	const [told, setTold] = useState<string>();
	async function sendAgain() {
		const problem = await sendConfirmation(email);
		setTold(problem ? problem.text : "Sent. The newest link is the one that works.");
	}
	return (
		<div role="status" className="flex flex-col items-start gap-3">
			<p className="wrap-anywhere">
				One step before you can pay: confirm your address. Open the link that we sent to {email}, then load this page again.
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
