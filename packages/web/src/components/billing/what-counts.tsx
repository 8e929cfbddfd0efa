import type { PricingView } from "../../view/billing.ts";

/** What counts as a request, row by row: the same table that the server decides by. */
export function WhatCounts({ rows, bound }: PricingView["whoPays"]) {
	return (
		<section aria-labelledby="what-counts" className="mt-16 border-line border-t pt-8">
			<h2 id="what-counts" className="font-semibold text-title tracking-tight">
				What counts
			</h2>
			<dl className="mt-6 max-w-read divide-y divide-line">
				{rows.map(({ happens, counted }) => (
					<div key={happens} className="grid gap-x-8 gap-y-1 py-3 md:grid-cols-2">
						<dt>{happens}</dt>
						<dd className="text-soft">{counted}</dd>
					</div>
				))}
			</dl>
			<p className="mt-6 max-w-read text-soft">{bound}</p>
		</section>
	);
}
