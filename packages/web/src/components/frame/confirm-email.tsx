import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Viewer } from "../../view/identity.ts";
import { sendConfirmation } from "../session/session-requests.ts";
import { useHydrated } from "./local-time.tsx";

interface ConfirmEmailProps {
	viewer: Viewer;
	mailboxUrl: string | null;
	/** The page was opened by a confirmation link that does not work. */
	linkFailed: boolean;
	/** The page's path, to return to after signing in or confirming. */
	path: string;
	onClose: () => void;
}

/** A banner until the email address is confirmed: why it matters, and how to get another link. Also explains a failed link. */
export function ConfirmEmail({ viewer, mailboxUrl, linkFailed, path, onClose }: ConfirmEmailProps) {
	if (viewer.kind === "user" && !viewer.emailVerified)
		return <Unconfirmed email={viewer.email} mailboxUrl={mailboxUrl} linkFailed={linkFailed} path={path} />;
	if (!linkFailed) return null;
	return (
		<Banner
			actions={
				<>
					{viewer.kind === "guest" && (
						<Link to="/sign-in" search={{ next: `${path}?error=INVALID_TOKEN` }} className="link py-2">
							Sign in
						</Link>
					)}
					<button type="button" className="link py-2" onClick={onClose}>
						Close
					</button>
				</>
			}
		>
			{viewer.kind === "guest"
				? "That confirmation link does not work any more. Sign in, and we send you a new one."
				: "That confirmation link does not work any more, and you do not need it: your email address is confirmed."}
		</Banner>
	);
}

type UnconfirmedProps = Pick<ConfirmEmailProps, "mailboxUrl" | "linkFailed" | "path"> & { email: string };

function Unconfirmed({ email, mailboxUrl, linkFailed, path }: UnconfirmedProps) {
	const [outcome, setOutcome] = useState<string>();
	// A press before hydration would be lost.
	const hydrated = useHydrated();
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setOutcome(problem ? problem.text : "Sent. The newest link is the one that works.");
	}
	return (
		<Banner
			outcome={outcome}
			actions={
				<>
					{mailboxUrl && (
						<a href={mailboxUrl} target="_blank" rel="noopener" className="link py-2">
							Open the local mailbox
						</a>
					)}
					<button type="button" className="link py-2" disabled={!hydrated} onClick={() => void sendAgain()}>
						Send the link again
					</button>
				</>
			}
		>
			{linkFailed
				? `That confirmation link does not work any more. We can send a new one to ${email}.`
				: `Confirm your email address to be able to pay. We sent a link to ${email}.`}
		</Banner>
	);
}

function Banner({ children, actions, outcome }: { children: string; actions: ReactNode; outcome?: string | undefined }) {
	return (
		<section aria-label="Confirm your email address" className="border-line border-b bg-margin py-2 text-small">
			<div className="mx-auto flex max-w-page flex-wrap items-center gap-x-4 gap-y-1 px-4">
				<p className="grow basis-72 wrap-anywhere">{children}</p>
				<div className="flex flex-wrap items-center gap-x-4">{actions}</div>
				<p role="status" className="basis-full empty:hidden">
					{outcome}
				</p>
			</div>
		</section>
	);
}
