import { createFileRoute, notFound } from "@tanstack/react-router";
import { LegalText } from "../components/frame/legal-text.tsx";
import { loadLegal } from "../lib/http/other-pages.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/privacy")({
	loader: async () => {
		const page = await loadLegal({ data: "privacy" });
		if (!page) throw notFound();
		return page;
	},
	head: () => ({ meta: [{ title: t("site_title", { page: t("legal_privacy") }) }] }),
	component: () => <LegalText {...Route.useLoaderData()} page={t("legal_privacy")} />,
});
