import { useState } from "react";
import { sendConfirmation } from "../session/session-requests.ts";

/** Until the address is confirmed: why it matters, where the link is, and another one if it got lost. */
export function ConfirmEmail({ email, mailboxUrl }: { email: string; mailboxUrl: string | null }) {
	const [told, setTold] = useState<string>();
	async function sendAgain() {
		const problem = await sendConfirmation(email);
		setTold(problem ? problem.text : "Sent. The newest link is the one that works.");
	}
	return (
		<section aria-label="Confirm your email address" className="border-line border-b bg-margin py-2 text-small">
			<div className="mx-auto flex max-w-page flex-wrap items-center gap-x-4 gap-y-1 px-4">
				<p className="grow basis-72 wrap-anywhere">Confirm your email address to be able to pay. We sent a link to {email}.</p>
				<div className="flex flex-wrap items-center gap-x-4">
					{mailboxUrl && (
						<a href={mailboxUrl} target="_blank" rel="noopener" className="link py-2">
							Open the local mailbox
						</a>
					)}
					<button type="button" className="link py-2" onClick={() => void sendAgain()}>
						Send the link again
					</button>
				</div>
				<p role="status" className="basis-full empty:hidden">
					{told}
				</p>
			</div>
		</section>
	);
}
