import { createFileRoute, Link } from "@tanstack/react-router";
import { useState } from "react";
import { keep as keepAccount } from "../components/account/deletion-requests.ts";
import { LocalTime } from "../components/frame/local-time.tsx";
import { Page } from "../components/frame/page.tsx";
import { signOut } from "../components/session/session-requests.ts";
import { tellTabs } from "../components/tabs.ts";
import { loadLeaving } from "../lib/http/other-pages.ts";
import { rich } from "../text/rich.ts";
import { t } from "../text/text.ts";
import type { LeavingView } from "../view/identity.ts";

export const Route = createFileRoute("/leaving")({
	loader: () => loadLeaving(),
	gcTime: 0,
	head: () => ({ meta: [{ title: t("site_title", { page: t("deletion_leaving_title") }) }, { name: "robots", content: "noindex" }] }),
	component: LeavingPage,
});

/** The only page of an account that is being deleted, also shown right after requesting the deletion. */
function LeavingPage() {
	const leaving = Route.useLoaderData();
	return <Page narrow>{leaving ? <Leaving {...leaving} /> : <Requested />}</Page>;
}

function Leaving({ email, dueAt, plan, isDue }: LeavingView) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function keep() {
		setBusy(true);
		try {
			await keepAccount();
			tellTabs("viewer", "signed-in");
			location.assign("/account/data");
		} catch (error) {
			setProblem(error instanceof Error ? error.message : t("transfer_failed"));
			setBusy(false);
		}
	}

	async function leave() {
		setBusy(true);
		setProblem((await signOut())?.text);
		setBusy(false);
	}

	return (
		<>
			<h1 className="font-semibold text-display tracking-tight">{t("deletion_leaving_title")}</h1>
			{isDue ? (
				<p className="mt-4">{t("deletion_due_text")}</p>
			) : (
				<>
					<p className="mt-4 wrap-anywhere">
						{rich("deletion_leaving_until", { email, day: <LocalTime iso={dueAt} form="date" /> })} {t("deletion_locked_now")}
					</p>
					<p className="mt-4">{t("deletion_back")}</p>
					{plan !== "none" && (
						<p className="mt-4 text-soft">{plan === "now" ? t("deletion_plan_cancelled") : t("deletion_plan_ended_on")}</p>
					)}
				</>
			)}
			{problem && (
				<p role="alert" className="mt-4 text-warn">
					{problem}
				</p>
			)}
			<div className="mt-8 flex flex-wrap gap-2">
				{!isDue && (
					<button type="button" className="button-next" disabled={busy} onClick={() => void keep()}>
						{t("deletion_keep")}
					</button>
				)}
				<button type="button" className="button-plain" disabled={busy} onClick={() => void leave()}>
					{t("side_sign_out")}
				</button>
			</div>
		</>
	);
}

function Requested() {
	return (
		<>
			<h1 className="font-semibold text-display tracking-tight">{t("deletion_requested")}</h1>
			<p className="mt-4">{t("deletion_requested_text")}</p>
			<Link to="/sign-in" className="button-next mt-8 inline-flex">
				{t("frame_sign_in")}
			</Link>
		</>
	);
}
