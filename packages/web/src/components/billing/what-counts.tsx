import { Link } from "@tanstack/react-router";
import { t } from "../../text/text.ts";
import type { RuleText } from "../chat/rule-texts.ts";

/** A short summary of what counts as a request, with a link to every rule. */
export function WhatCounts() {
	const rows = [
		{ happens: t("short_complete_happens"), counted: t("short_complete_counted") },
		{ happens: t("short_failed_happens"), counted: t("short_failed_counted") },
		{ happens: t("short_stopped_happens"), counted: t("short_stopped_counted") },
		{ happens: t("short_left_happens"), counted: t("short_left_counted") },
		{ happens: t("short_anew_happens"), counted: t("short_anew_counted") },
	];
	return (
		<section aria-labelledby="what-counts" className="mt-16 border-line border-t pt-8">
			<h2 id="what-counts" className="font-semibold text-title tracking-tight">
				{t("rules_title")}
			</h2>
			<Rows rows={rows} />
			<p className="mt-4">
				<Link to="/what-counts" className="link">
					{t("rules_all")}
				</Link>
			</p>
		</section>
	);
}

/** What happens and whether it counts, in rows. */
export function Rows({ rows }: { rows: readonly RuleText[] }) {
	return (
		<dl className="mt-6 max-w-read divide-y divide-line">
			{rows.map(({ happens, counted }) => (
				<div key={happens} className="grid gap-x-8 gap-y-1 py-3 md:grid-cols-2">
					<dt>{happens}</dt>
					<dd className="text-soft">{counted}</dd>
				</div>
			))}
		</dl>
	);
}
