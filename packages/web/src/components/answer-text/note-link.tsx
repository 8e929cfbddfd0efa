import { createContext, use } from "react";

/** An id of the answer, and the labels of its footnotes in order: one a line, so that equal values are equal. */
const Numbers = createContext("");
export const NoteNumbers = Numbers.Provider;

/** What the footnotes of the answer around are called. */
export function useNotes() {
	const [id = "", ...labels] = use(Numbers).split("\n");
	return { labels, idOf: (label: string, at: "note" | "link") => `${id}${at}-${labels.indexOf(label) + 1}` };
}

/** The number of a footnote in the text, which leads to it. */
export function NoteLink({ label }: { label: string }) {
	const { labels, idOf } = useNotes();
	const number = labels.indexOf(label) + 1;
	return (
		<sup>
			<a id={idOf(label, "link")} className="link" href={`#${idOf(label, "note")}`} aria-label={`Footnote ${number}`}>
				{number}
			</a>
		</sup>
	);
}
