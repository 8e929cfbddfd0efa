import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useConfirmed } from "./confirmed.ts";
import { sendConfirmation } from "./session-requests.ts";

interface UnconfirmedEmailProps {
	email: string;
	mailboxUrl: string | null;
	/** What needs a confirmed address: completes "before you". */
	purpose: string;
	/** The page that the link in the mail leads to. */
	path: string;
}

/** Says that an action needs a confirmed email address, and sends the confirmation link again. */
export function UnconfirmedEmail({ email, mailboxUrl, purpose, path }: UnconfirmedEmailProps) {
	const [outcome, setOutcome] = useState<string>();
	const router = useRouter();
	useConfirmed(() => void router.invalidate());
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setOutcome(problem ? problem.text : "Sent. Check your inbox.");
	}
	return (
		<div role="status" className="flex flex-col items-start gap-3">
			<p className="wrap-anywhere">
				Confirm your email first, before you {purpose}. Open the link we sent to {email}, then come back here.
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
