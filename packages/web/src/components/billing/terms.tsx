const TERMS = [
	{ about: "Billing", says: "Plans renew by themselves, at the price shown, until you cancel." },
	{ about: "Tax", says: "If tax applies, you see it at the checkout before you pay." },
	{ about: "Cancellation", says: "Cancel anytime. You keep your plan until the end of the period you’ve paid for." },
	{ about: "Refunds", says: "Cancelling doesn’t refund the period you’ve paid for. Used requests aren’t refunded." },
];

/** What is agreed to with a purchase, a line each. */
export function Terms() {
	return (
		<section aria-labelledby="terms" className="mt-16 border-line border-t pt-8">
			<h2 id="terms" className="font-semibold text-title tracking-tight">
				Billing terms
			</h2>
			<dl className="mt-6 max-w-read divide-y divide-line">
				{TERMS.map(({ about, says }) => (
					<div key={about} className="grid gap-x-8 gap-y-1 py-3 sm:grid-cols-[8rem_1fr]">
						<dt>{about}</dt>
						<dd className="text-soft">{says}</dd>
					</div>
				))}
			</dl>
		</section>
	);
}
