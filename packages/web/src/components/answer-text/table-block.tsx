import { useRef } from "react";
import { t } from "../../text/text.ts";
import { CopyButton } from "../frame/copy-button.tsx";
import { directionOf } from "./direction.ts";
import { inlineElements } from "./inline-elements.tsx";
import type { Align, Table, Text } from "./nodes.ts";
import { csvOf } from "./plain-text.ts";
import { useOverflow } from "./use-overflow.ts";

/** A horizontally scrollable table, with buttons that copy it as Markdown or CSV. */
export function TableBlock({ table }: { table: Table }) {
	const scroller = useRef<HTMLDivElement>(null);
	const { overflows, more } = useOverflow(scroller);
	return (
		<div className="table-block" data-more={more} dir={directionOf(table)}>
			{/* A wide table must be scrollable from the keyboard, and a focusable element needs a name. */}
			<div ref={scroller} className="table-scroller" {...(overflows && { tabIndex: 0, role: "group", "aria-label": t("text_table") })}>
				<table>
					<thead>
						<tr>{table.header.map((cell, at) => cellElement("th", cell, table.align[at], String(at)))}</tr>
					</thead>
					<tbody>
						{table.rows.map((row, at) => (
							<tr key={String(at)}>{row.map((cell, column) => cellElement("td", cell, table.align[column], String(column)))}</tr>
						))}
					</tbody>
				</table>
			</div>
			<div className="shown-near -mx-2 flex">
				<CopyButton text={table.source} what={t("text_the_table")} />
				<CopyButton text={() => csvOf(table)} label={t("text_copy_csv")} what={t("text_of_the_table")} />
			</div>
		</div>
	);
}

const cellElement = (Tag: "th" | "td", { inlines }: Text, align: Align, key: string) => (
	<Tag key={key} dir="auto" data-align={align}>
		{inlineElements(inlines)}
	</Tag>
);
