import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { t } from "../../text/text.ts";
import type { Viewer } from "../../view/identity.ts";
import { useConfirmed } from "../session/confirmed.ts";
import { sendConfirmation } from "../session/session-requests.ts";
import { tellTabs } from "../tabs.ts";
import type { LinkOutcome } from "./link-outcome.ts";
import { useHydrated } from "./local-time.tsx";

interface ConfirmEmailProps {
	viewer: Viewer;
	mailboxUrl: string | null;
	/** The outcome of the confirmation link that opened the page, if any. */
	link: LinkOutcome;
	/** The page's path, to return to after signing in or confirming. */
	path: string;
	/** Reloads the page's data: the address may be confirmed by now. */
	onReturn: () => void;
	onClose: () => void;
}

/** A banner until the email address is confirmed: why it matters, and how to get another link. Also reports that a link worked, or why it failed. */
export function ConfirmEmail({ viewer, mailboxUrl, link, path, onReturn, onClose }: ConfirmEmailProps) {
	const isFailed = link.error !== undefined;
	if (viewer.kind === "user" && !viewer.emailVerified)
		return <Unconfirmed email={viewer.email} mailboxUrl={mailboxUrl} isFailed={isFailed} path={path} onReturn={onReturn} />;
	if (link.confirmed && viewer.kind === "user") return <Confirmed email={viewer.email} onClose={onClose} />;
	if (!isFailed) return null;
	return (
		<Banner
			actions={
				<>
					{viewer.kind === "guest" && (
						<Link to="/sign-in" search={{ next: `${path}?error=INVALID_TOKEN` }} className="link py-2">
							{t("frame_sign_in")}
						</Link>
					)}
					<CloseLink onClose={onClose} />
				</>
			}
		>
			{viewer.kind === "guest" ? t("email_link_expired_sign_in") : t("email_link_expired_confirmed")}
		</Banner>
	);
}

/** The link worked. Notifies other tabs. */
function Confirmed({ email, onClose }: { email: string; onClose: () => void }) {
	useEffect(() => tellTabs("email", "confirmed"), []);
	return <Banner actions={<CloseLink onClose={onClose} />} outcome={t("email_confirmed", { email })} />;
}

function CloseLink({ onClose }: { onClose: () => void }) {
	return (
		<button type="button" className="link py-2" onClick={onClose}>
			{t("frame_close")}
		</button>
	);
}

type UnconfirmedProps = Pick<ConfirmEmailProps, "mailboxUrl" | "path" | "onReturn"> & { email: string; isFailed: boolean };

function Unconfirmed({ email, mailboxUrl, isFailed, path, onReturn }: UnconfirmedProps) {
	const [outcome, setOutcome] = useState<string>();
	// A press before hydration would be lost.
	const hydrated = useHydrated();
	useConfirmed(onReturn);
	async function sendAgain() {
		const problem = await sendConfirmation(email, path);
		setOutcome(problem ? problem.text : t("email_sent_check"));
	}
	return (
		<Banner
			outcome={outcome}
			actions={
				<>
					{mailboxUrl && (
						<a href={mailboxUrl} target="_blank" rel="noopener" className="link py-2">
							{t("email_open_local_mailbox")}
						</a>
					)}
					<button type="button" className="link py-2" disabled={!hydrated} onClick={() => void sendAgain()}>
						{t("email_send_again")}
					</button>
				</>
			}
		>
			{isFailed ? t("email_link_expired_new", { email }) : t("email_confirm_before_upgrade", { email })}
		</Banner>
	);
}

interface BannerProps {
	children?: string;
	actions: ReactNode;
	/** The last status, which is announced. */
	outcome?: string | undefined;
}

function Banner({ children, actions, outcome }: BannerProps) {
	return (
		<section aria-label={t("email_confirm_address")} className="border-line border-b bg-margin py-2 text-small">
			<div className="mx-auto flex max-w-page flex-wrap items-center gap-x-4 gap-y-1 px-4">
				{children && <p className="grow basis-72 wrap-anywhere">{children}</p>}
				<p role="status" className={`wrap-anywhere empty:hidden ${children ? "order-last basis-full" : "grow basis-72"}`}>
					{outcome}
				</p>
				<div className="flex flex-wrap items-center gap-x-4">{actions}</div>
			</div>
		</section>
	);
}
