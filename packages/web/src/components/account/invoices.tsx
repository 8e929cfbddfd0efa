import type { LoadedFlowgladContextValues } from "@flowglad/react";
import { LocalTime } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

type Invoice = LoadedFlowgladContextValues["invoices"][number];

export function Invoices({ invoices }: { invoices: Invoice[] }) {
	if (invoices.length === 0) return null;
	return (
		<Section title="Invoices">
			<ul className="flex flex-col gap-1">
				{invoices.map(({ invoice }) => (
					<li key={invoice.id} className="flex flex-wrap justify-between gap-x-4">
						<span>
							{invoice.invoiceNumber} · <LocalTime iso={new Date(invoice.invoiceDate).toISOString()} form="date" />
						</span>
						<span className="text-soft">{invoice.status}</span>
					</li>
				))}
			</ul>
		</Section>
	);
}
