import { BOUND_OF_FORGIVENESS, WHO_PAYS } from "@parley/metering/who-pays";
import { createFileRoute } from "@tanstack/react-router";
import { Rows } from "../components/billing/what-counts.tsx";
import { Page } from "../components/frame/page.tsx";

export const Route = createFileRoute("/what-counts")({
	head: () => ({ meta: [{ title: "What counts · Parley" }] }),
	component: function WhatCountsPage() {
		return (
			<Page>
				<h1 className="font-semibold text-display tracking-tight">What counts</h1>
				<p className="mt-3 max-w-read text-body text-soft">Every rule. The count itself is made by this table.</p>
				<Rows rows={Object.values(WHO_PAYS)} />
				<p className="mt-6 max-w-read text-soft">{BOUND_OF_FORGIVENESS}</p>
			</Page>
		);
	},
});
