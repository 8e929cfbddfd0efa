import { createFileRoute, Link, notFound } from "@tanstack/react-router";
import { LocalTime } from "../components/frame/local-time.tsx";
import { Lost } from "../components/frame/lost.tsx";
import { Page } from "../components/frame/page.tsx";
import { SharedThread } from "../components/share/shared-thread.tsx";
import { loadShared } from "../lib/http/other-pages.ts";
import { rich } from "../text/rich.ts";
import { t } from "../text/text.ts";
import type { SharedChatView } from "../view/share.ts";
import { pageMeta } from "./-head.ts";

export const Route = createFileRoute("/s/$shareId")({
	loader: async ({ params: { shareId } }) => {
		const chat = await loadShared({ data: shareId });
		if (!chat) throw notFound();
		return chat;
	},
	// An ended share must not be shown again.
	gcTime: 0,
	head: ({ loaderData }) => ({
		meta: [
			...pageMeta(t("site_title", { page: titleOf(loaderData) }), t("share_description")),
			{ name: "robots", content: "noindex, nofollow" },
		],
	}),
	component: SharedPage,
	notFoundComponent: Ended,
});

type Loaded = Awaited<ReturnType<typeof loadShared>>;

function titleOf(loaded: Loaded | undefined): string {
	if (!loaded) return t("lost_not_found");
	if (loaded === "gone") return t("share_link_dead");
	return loaded === "taken-down" ? t("share_removed") : loaded.title;
}

function SharedPage() {
	const chat = Route.useLoaderData();
	if (chat === "gone") return <Ended />;
	return chat === "taken-down" ? <TakenDown /> : <Shared {...chat} />;
}

function Ended() {
	return (
		<Page narrow>
			<Lost title={t("share_link_dead")} text={t("share_link_dead_text")}>
				<Link to="/" className="button-next">
					{t("share_go_to_app")}
				</Link>
			</Lost>
		</Page>
	);
}

function TakenDown() {
	return (
		<Page narrow>
			<Lost title={t("share_gone")} text={t("share_gone_text")}>
				<Link to="/" className="button-next">
					{t("share_go_to_app")}
				</Link>
			</Lost>
		</Page>
	);
}

function Shared({ title, sharedAt, messages, isCut }: SharedChatView) {
	return (
		<Page>
			<div className="mx-auto max-w-read">
				<h1 dir="auto" className="text-balance font-semibold text-display tracking-tight wrap-anywhere">
					{title}
				</h1>
				<p className="mt-2 mb-10 text-soft">{rich("share_shared_then", { day: <LocalTime iso={sharedAt} form="date" /> })}</p>
				{isCut && <p className="mb-6 text-small text-soft">{t("share_is_cut")}</p>}
				<SharedThread messages={messages} />
				<p className="mt-12 border-line border-t pt-6 text-soft">
					<Link to="/" className="link">
						{t("share_start_own")}
					</Link>
				</p>
			</div>
		</Page>
	);
}
