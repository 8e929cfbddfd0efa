import { createContext, type ReactNode, use, useId, useMemo } from "react";
import { t } from "../../text/text.ts";

const Numbers = createContext<{ id: string; numbers: ReadonlyMap<string, number> }>({ id: "", numbers: new Map() });

/** Numbers the footnotes of an answer, in the order of their labels. */
export function NoteNumbers({ labels, children }: { labels: readonly string[]; children: ReactNode }) {
	const id = useId();
	// The same value while the labels are the same, so that nothing is drawn again. A label has no white space.
	const joined = labels.join(" ");
	const value = useMemo(() => ({ id, numbers: new Map(joined.split(" ").map((label, at) => [label, at + 1])) }), [id, joined]);
	return <Numbers value={value}>{children}</Numbers>;
}

/** The numbers and addresses of the footnotes of the answer around. */
export function useNotes() {
	const { id, numbers } = use(Numbers);
	const numberOf = (label: string) => numbers.get(label) ?? 0;
	return { numberOf, idOf: (label: string, at: "note" | "link") => `${id}${at}-${numberOf(label)}` };
}

/** The number of a footnote in the text, which leads to it. */
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
