import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "../../text/text.ts";
import type { Shell } from "../../view/shell.ts";
import { ConfirmEmail } from "../frame/confirm-email.tsx";
import type { LinkOutcome } from "../frame/link-outcome.ts";
import { Page } from "../frame/page.tsx";
import { nearestLimit } from "../tally/marks.ts";
import { TallyIcon } from "../tally/tally-icon.tsx";
import { TallyLine } from "../tally/tally-line.tsx";
import { ACCOUNT_PAGES } from "./account-pages.ts";

interface AccountFrameProps {
	shell: Shell;
	/** The outcome of the confirmation link that opened the page, if any. */
	link: LinkOutcome;
	/** Reloads the page's data: the address may be confirmed by now. */
	onReturn: () => void;
	onClose: () => void;
	children: ReactNode;
}

/** The frame of all account pages: their navigation and the balance. */
export function AccountFrame({ shell, children, ...banner }: AccountFrameProps) {
	const { viewer, usage, mailboxUrl } = shell;
	const path = useLocation({ select: ({ pathname }) => pathname });
	const pages = ACCOUNT_PAGES.filter(({ forGuests }) => viewer.kind === "user" || forGuests);
	return (
		<Page
			viewer={viewer}
			banner={viewer.kind === "user" && <ConfirmEmail {...banner} viewer={viewer} mailboxUrl={mailboxUrl} path="/account/profile" />}
		>
			<div className="grid grid-cols-[minmax(0,1fr)] gap-x-12 gap-y-8 md:grid-cols-[10rem_minmax(0,42rem)]">
				<nav aria-label={t("settings_nav")} className="-mx-2 md:pt-1">
					<ul className="grid grid-cols-2 md:grid-cols-1">
						{pages.map(({ to, label }) => (
							<li key={to}>
								<Link
									to={to}
									className="button-bare flex justify-start"
									activeProps={{ className: "bg-said font-medium text-ink", "aria-current": "page" }}
								>
									{label()}
								</Link>
							</li>
						))}
					</ul>
				</nav>
				<div>
					<h1 className="mb-2 font-semibold text-display tracking-tight">{pages.find(({ to }) => to === path)?.label()}</h1>
					{/* Two lines on a phone, because the length of the time depends on the reader's zone. */}
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
