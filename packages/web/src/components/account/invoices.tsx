import type { InvoiceView } from "../../view/billing.ts";
import { priceText } from "../billing/money.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

const stateLabels: Record<InvoiceView["state"], string> = {
	draft: "draft",
	open: "unpaid",
	confirming: "payment being confirmed",
	paid: "paid",
	refunded: "refunded",
	"partly refunded": "partly refunded",
	uncollectible: "uncollectible",
	void: "cancelled",
};

/** The invoices, newest first; nothing when there are none. */
export function Invoices({ invoices }: { invoices: InvoiceView[] }) {
	if (invoices.length === 0) return null;
	return (
		<Section title="Invoices">
			<ul className="flex flex-col gap-3">
				{invoices.map((invoice) => (
					<InvoiceRow key={invoice.id} {...invoice} />
				))}
			</ul>
		</Section>
	);
}

function InvoiceRow({ number, lines, date, amountCents, currency, state, url, receiptUrl }: InvoiceView) {
	return (
		<li className="flex justify-between gap-x-4">
			<p className="min-w-0 wrap-anywhere">
				{lines.length > 0 ? lines.join(", ") : number}
				<span className="block text-small text-soft">
					<LocalTime iso={date} form="date" /> ·{" "}
					{url ? (
						<a href={url} className="link" target="_blank" rel="noopener">
							{number}
						</a>
					) : (
						number
					)}
					{receiptUrl && (
						<>
							{" · "}
							<a href={receiptUrl} className="link" target="_blank" rel="noopener">
								Receipt
							</a>
						</>
					)}
				</span>
			</p>
			<p className="shrink-0 text-right">
				{priceText(amountCents, currency, undefined)}
				<span className="block text-small text-soft">{stateLabels[state]}</span>
			</p>
		</li>
	);
}
