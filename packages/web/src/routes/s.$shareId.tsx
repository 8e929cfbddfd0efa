import { createFileRoute, Link, notFound } from "@tanstack/react-router";
import { LocalTime } from "../components/frame/local-time.tsx";
import { Lost } from "../components/frame/lost.tsx";
import { Page } from "../components/frame/page.tsx";
import { SharedThread } from "../components/share/shared-thread.tsx";
import { loadShared } from "../lib/http/other-pages.ts";
import type { SharedChatView } from "../view/share.ts";
import { pageMeta } from "./-head.ts";

export const Route = createFileRoute("/s/$shareId")({
	loader: async ({ params: { shareId } }) => {
		const chat = await loadShared({ data: shareId });
		if (!chat) throw notFound();
		return chat;
	},
	// What has ended is not shown again.
	gcTime: 0,
	head: ({ loaderData }) => ({
		meta: [
			...pageMeta(`${titleOf(loaderData)} · Parley`, "A chat that someone shared from Parley."),
			{ name: "robots", content: "noindex, nofollow" },
		],
	}),
	component: SharedPage,
	notFoundComponent: () => (
		<Page narrow>
			<Lost
				title="This link doesn’t work"
				text="Its owner may have stopped sharing or deleted the chat. Check that you have the whole link."
			>
				<Link to="/" className="button-next">
					Go to Parley
				</Link>
			</Lost>
		</Page>
	),
});

type Loaded = Awaited<ReturnType<typeof loadShared>>;

function titleOf(loaded: Loaded | undefined): string {
	if (!loaded) return "Not found";
	return loaded === "taken-down" ? "Removed" : loaded.title;
}

function SharedPage() {
	const chat = Route.useLoaderData();
	return chat === "taken-down" ? <TakenDown /> : <Shared {...chat} />;
}

function TakenDown() {
	return (
		<Page narrow>
			<Lost title="This chat is gone" text="The operator of this server has removed it.">
				<Link to="/" className="button-next">
					Go to Parley
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
				<p className="mt-2 mb-10 text-soft">
					Shared on <LocalTime iso={sharedAt} form="date" />, as the chat was then. Answers are a model’s and may be wrong.
				</p>
				{isCut && <p className="mb-6 text-small text-soft">Earlier messages aren’t included.</p>}
				<SharedThread messages={messages} />
				<p className="mt-12 border-line border-t pt-6 text-soft">
					<Link to="/" className="link">
						Start a chat of your own
					</Link>
				</p>
			</div>
		</Page>
	);
}
