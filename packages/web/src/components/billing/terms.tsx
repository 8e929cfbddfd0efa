import { t } from "../../text/text.ts";

const terms = () => [
	{ about: t("terms_billing"), says: t("terms_billing_says") },
	{ about: t("terms_tax"), says: t("terms_tax_says") },
	{ about: t("terms_cancellation"), says: t("terms_cancellation_says") },
	{ about: t("terms_refunds"), says: t("terms_refunds_says") },
];

/** The terms of a purchase, one per line. */
export function Terms() {
	return (
		<section aria-labelledby="terms" className="mt-16 border-line border-t pt-8">
			<h2 id="terms" className="font-semibold text-title tracking-tight">
				{t("terms_title")}
			</h2>
			<dl className="mt-6 max-w-read divide-y divide-line">
				{terms().map(({ about, says }) => (
					<div key={about} className="grid gap-x-8 gap-y-1 py-3 sm:grid-cols-[8rem_1fr]">
						<dt>{about}</dt>
						<dd className="text-soft">{says}</dd>
					</div>
				))}
			</dl>
		</section>
	);
}
