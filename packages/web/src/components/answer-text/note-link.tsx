import { createContext, type ReactNode, use, useId, useMemo } from "react";
import { t } from "../../text/text.ts";

const Numbers = createContext<{ id: string; numbers: ReadonlyMap<string, number> }>({ id: "", numbers: new Map() });

/** Provides the numbers of an answer's footnotes, in the order of their labels. */
export function NoteNumbers({ labels, children }: { labels: readonly string[]; children: ReactNode }) {
	const id = useId();
	// Keeps the value stable while the labels are the same, to avoid re-renders. A label has no white space.
	const joined = labels.join(" ");
	const value = useMemo(() => ({ id, numbers: new Map(joined.split(" ").map((label, at) => [label, at + 1])) }), [id, joined]);
	return <Numbers value={value}>{children}</Numbers>;
}

/** The numbers and ids of the surrounding answer's footnotes. */
export function useNotes() {
	const { id, numbers } = use(Numbers);
	const numberOf = (label: string) => numbers.get(label) ?? 0;
	return { numberOf, idOf: (label: string, at: "note" | "link") => `${id}${at}-${numberOf(label)}` };
}

/** A footnote's number in the text, linked to the footnote. */
export function NoteLink({ label }: { label: string }) {
	const { numberOf, idOf } = useNotes();
	const number = numberOf(label);
	return (
		<sup>
			<a
				id={idOf(label, "link")}
				className="link"
				href={`#${idOf(label, "note")}`}
				aria-label={t("text_footnote", { number: String(number) })}
			>
				{number}
			</a>
		</sup>
	);
}
