import { money } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { InvoiceView } from "../../view/billing.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

const stateLabels: Record<InvoiceView["state"], () => string> = {
	draft: () => t("invoice_draft"),
	open: () => t("invoice_unpaid"),
	confirming: () => t("invoice_confirming"),
	paid: () => t("invoice_paid"),
	refunded: () => t("invoice_refunded"),
	"partly refunded": () => t("invoice_partly_refunded"),
	uncollectible: () => t("invoice_uncollectible"),
	void: () => t("invoice_void"),
};

/** The invoices, newest first. Renders nothing if there are none. */
export function Invoices({ invoices }: { invoices: InvoiceView[] }) {
	if (invoices.length === 0) return null;
	return (
		<Section title={t("account_invoices")}>
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
								{t("account_receipt")}
							</a>
						</>
					)}
				</span>
			</p>
			<p className="shrink-0 text-right">
				{money(amountCents, currency)}
				<span className="block text-small text-soft">{stateLabels[state]()}</span>
			</p>
		</li>
	);
}
