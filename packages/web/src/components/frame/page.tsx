import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "../../text/text.ts";
import type { Viewer } from "../../view/identity.ts";
import { usePageViewer } from "../session/page-viewer.ts";
import { LegalLinks } from "./legal-links.tsx";
import { NeedsScripts } from "./needs-scripts.tsx";
import { Wordmark } from "./side-column.tsx";
import { SkipLink } from "./skip-link.tsx";

/** The layout of every page except the chat: a bar with links, an optional banner, and one column. */
export function Page({ viewer, banner, narrow, children }: { viewer?: Viewer; banner?: ReactNode; narrow?: boolean; children: ReactNode }) {
	const path = useLocation({ select: ({ pathname }) => pathname });
	return (
		<>
			{viewer && <PageOf viewer={viewer} />}
			<SkipLink to="#main">{t("frame_skip_to_page")}</SkipLink>
			<header className="border-line border-b">
				<div className="mx-auto flex min-h-14 max-w-page flex-wrap items-center justify-between gap-x-6 px-4">
					<Wordmark />
					<nav aria-label={t("frame_pages")} className="-mr-2 flex flex-wrap">
						<PageLink to="/">{t("frame_chat")}</PageLink>
						<PageLink to="/pricing">{t("frame_pricing")}</PageLink>
						{viewer?.kind === "user" && <PageLink to="/account">{t("frame_account")}</PageLink>}
						{viewer?.kind === "guest" && (
							<>
								<PageLink to="/account/appearance">{t("frame_appearance")}</PageLink>
								<PageLink to="/sign-in" next={path}>
									{t("frame_sign_in")}
								</PageLink>
							</>
						)}
					</nav>
				</div>
			</header>
			{viewer && <NeedsScripts>{t("frame_needs_scripts")}</NeedsScripts>}
			{banner}
			<main
				id="main"
				tabIndex={-1}
				className={`mx-auto w-full px-4 pt-8 pb-20 outline-none sm:pt-16 ${narrow ? "max-w-form" : "max-w-page"}`}
			>
				{children}
			</main>
			{/* At the bottom of the window if the page is shorter. */}
			<footer className="sticky top-[100vh] border-line border-t">
				<LegalLinks className="mx-auto max-w-page px-4 py-4" />
			</footer>
		</>
	);
}

function PageOf({ viewer }: { viewer: Viewer }) {
	usePageViewer(viewer);
	return null;
}

interface PageLinkProps {
	to: "/" | "/pricing" | "/account" | "/account/appearance" | "/sign-in";
	/** The page to return to. */
	next?: string;
	children: string;
}

function PageLink({ to, next, children }: PageLinkProps) {
	return (
		<Link
			to={to}
			search={next === undefined ? {} : { next }}
			className="button-bare"
			activeOptions={{ exact: to === "/" }}
			activeProps={{ className: "text-ink", "aria-current": "page" }}
		>
			{children}
		</Link>
	);
}
