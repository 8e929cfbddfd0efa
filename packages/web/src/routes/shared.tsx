import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { ShareList } from "../components/share/share-list.tsx";
import { loadShares } from "../lib/http/other-pages.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/shared")({
	loader: async () => {
		const loaded = await loadShares();
		if (!loaded) throw redirect({ to: "/sign-in", search: { next: "/shared" } });
		return loaded;
	},
	gcTime: 0,
	head: () => ({ meta: [{ title: t("site_title", { page: t("kept_shared") }) }] }),
	component: SharesPage,
});

function SharesPage() {
	const { viewer, shares } = Route.useLoaderData();
	const router = useRouter();
	return (
		<Page viewer={viewer}>
			<div className="mx-auto max-w-read">
				<h1 className="font-semibold text-display tracking-tight">{t("kept_shared")}</h1>
				<p className="mt-2 mb-8 text-soft">{t("share_anyone")}</p>
				<ShareList shares={shares} onChanged={() => void router.invalidate()} />
			</div>
		</Page>
	);
}
