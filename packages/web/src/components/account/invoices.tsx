import type { LoadedFlowgladContextValues } from "@flowglad/react";
import { priceText } from "../billing/money.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

type Invoice = LoadedFlowgladContextValues["invoices"][number];

/** The provider's states in the reader's words. */
const stateWords: Record<Invoice["invoice"]["status"], string> = {
	draft: "being written",
	open: "to be paid",
	awaiting_payment_confirmation: "payment being confirmed",
	paid: "paid",
	refunded: "refunded",
	partially_refunded: "refunded in part",
	uncollectible: "not paid",
	void: "cancelled",
};

export function Invoices({ invoices }: { invoices: Invoice[] }) {
	if (invoices.length === 0) return null;
	return (
		<Section title="Invoices">
			<ul className="flex flex-col gap-3">
				{invoices.map((one) => (
					<InvoiceRow key={one.invoice.id} {...one} />
				))}
			</ul>
		</Section>
	);
}

function InvoiceRow({ invoice, invoiceLineItems }: Invoice) {
	const { invoiceNumber, invoiceDate, currency, status, pdfURL, receiptPdfURL } = invoice;
	const bought = invoiceLineItems.map(({ description }) => description).filter(Boolean);
	return (
		<li className="flex justify-between gap-x-4">
			<p className="min-w-0 wrap-anywhere">
				{bought.length > 0 ? bought.join(", ") : invoiceNumber}
				<span className="block text-small text-soft">
					<LocalTime iso={new Date(invoiceDate).toISOString()} form="date" /> ·{" "}
					{pdfURL ? (
						<a href={pdfURL} className="link" target="_blank" rel="noopener">
							{invoiceNumber}
						</a>
					) : (
						invoiceNumber
					)}
					{receiptPdfURL && (
						<>
							{" · "}
							<a href={receiptPdfURL} className="link" target="_blank" rel="noopener">
								Receipt
							</a>
						</>
					)}
				</span>
			</p>
			<p className="shrink-0 text-right">
				{priceText(invoiceCents({ invoice, invoiceLineItems }), currency, undefined)}
				<span className="block text-small text-soft">{stateWords[status]}</span>
			</p>
		</li>
	);
}

/** What was asked for, tax included: Flowglad gives the sum before tax, or leaves it to the lines. */
function invoiceCents({ invoice, invoiceLineItems }: Invoice): number {
	const beforeTax = invoice.subtotal ?? invoiceLineItems.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
	return beforeTax + (invoice.taxAmount ?? 0);
}
