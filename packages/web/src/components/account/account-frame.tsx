import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Shell } from "../../view/shell.ts";
import { ConfirmEmail } from "../frame/confirm-email.tsx";
import { Page } from "../frame/page.tsx";
import { nearestLimit } from "../tally/marks.ts";
import { TallyIcon } from "../tally/tally-icon.tsx";
import { TallyLine } from "../tally/tally-line.tsx";
import { ACCOUNT_PAGES } from "./account-pages.ts";

interface AccountFrameProps {
	shell: Shell;
	/** The page was opened by a confirmation link that does not work. */
	linkFailed: boolean;
	onClose: () => void;
	children: ReactNode;
}

/** What all sub-pages of the account have: their list, and the balance. */
export function AccountFrame({ shell, linkFailed, onClose, children }: AccountFrameProps) {
	const { viewer, usage, mailboxUrl } = shell;
	const path = useLocation({ select: ({ pathname }) => pathname });
	const pages = ACCOUNT_PAGES.filter(({ forGuests }) => viewer.kind === "user" || forGuests);
	const banner = viewer.kind === "user" && (
		<ConfirmEmail viewer={viewer} mailboxUrl={mailboxUrl} linkFailed={linkFailed} path="/account/profile" onClose={onClose} />
	);
	return (
		<Page viewer={viewer} banner={banner}>
			<div className="grid gap-x-12 gap-y-8 md:grid-cols-[10rem_minmax(0,42rem)]">
				<nav aria-label="Settings" className="-mx-2 md:pt-1">
					<ul className="grid grid-cols-2 md:grid-cols-1">
						{pages.map(({ to, label }) => (
							<li key={to}>
								<Link
									to={to}
									className="button-bare flex justify-start"
									activeProps={{ className: "bg-said font-medium text-ink", "aria-current": "page" }}
								>
									{label}
								</Link>
							</li>
						))}
					</ul>
				</nav>
				<div>
					<h1 className="mb-2 font-semibold text-display tracking-tight">{pages.find(({ to }) => to === path)?.label}</h1>
					{/* Two lines on a phone: the hour is longer or shorter in the reader's own zone. */}
					<div className="flex min-h-11 items-start sm:min-h-6">
						<TallyLine usage={usage} />
					</div>
					{children}
				</div>
			</div>
			<TallyIcon {...nearestLimit(usage)} />
		</Page>
	);
}
