import { createFileRoute } from "@tanstack/react-router";
import { Rows } from "../components/billing/what-counts.tsx";
import { RULES, ruleText } from "../components/chat/rule-texts.ts";
import { Page } from "../components/frame/page.tsx";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/what-counts")({
	head: () => ({ meta: [{ title: t("site_title", { page: t("rules_title") }) }] }),
	component: function WhatCountsPage() {
		return (
			<Page>
				<h1 className="font-semibold text-display tracking-tight">{t("rules_title")}</h1>
				<p className="mt-3 max-w-read text-body text-soft">{t("rules_every")}</p>
				<Rows rows={RULES.map(ruleText)} />
				<p className="mt-6 max-w-read text-soft">{t("rules_bound")}</p>
			</Page>
		);
	},
});
