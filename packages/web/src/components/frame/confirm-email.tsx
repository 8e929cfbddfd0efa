import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Viewer } from "../../view/identity.ts";
import { sendConfirmation } from "../session/session-requests.ts";
import { useHydrated } from "./local-time.tsx";

/** What better-auth writes into the address when a confirmation link is too old, was tampered with, or is not this account's. */
const linkErrors = ["INVALID_TOKEN", "TOKEN_EXPIRED", "USER_NOT_FOUND", "INVALID_USER"];

/** The search parameter that a failed confirmation link adds to the page that it leads to; any other value is dropped. */
export const linkErrorOf = ({ error }: { error?: unknown }): { error?: string } =>
	typeof error === "string" && linkErrors.includes(error.toUpperCase()) ? { error } : {};

interface ConfirmEmailProps {
	viewer: Viewer;
	mailboxUrl: string | null;
	/** The page was reached by a confirmation link that does not work. */
	linkFailed: boolean;
	/** The page's path: whoever has to sign in or confirm first comes back to it. */
	path: string;
	onClose: () => void;
}

/** Until the address is confirmed: why it matters, where the link is, and another one if it got lost or failed. */
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
	const [told, setTold] = useState<string>();
	// A press before the page is alive would be lost.
	const hydrated = useHydrated();
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setTold(problem ? problem.text : "Sent. The newest link is the one that works.");
	}
	return (
		<Banner
			told={told}
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

function Banner({ children, actions, told }: { children: string; actions: ReactNode; told?: string | undefined }) {
	return (
		<section aria-label="Confirm your email address" className="border-line border-b bg-margin py-2 text-small">
			<div className="mx-auto flex max-w-page flex-wrap items-center gap-x-4 gap-y-1 px-4">
				<p className="grow basis-72 wrap-anywhere">{children}</p>
				<div className="flex flex-wrap items-center gap-x-4">{actions}</div>
				<p role="status" className="basis-full empty:hidden">
					{told}
				</p>
			</div>
		</section>
	);
}
