import { memo, useState } from "react";
import { t } from "../../text/text.ts";
import { type Answer, type Note, parseAnswer, type Section } from "./answer.ts";
import { blockElement, blockElements, levelOf, TITLE_LEVEL } from "./block-elements.tsx";
import { NoteNumbers, useNotes } from "./note-link.tsx";

export { plainText } from "./plain-text.ts";

/** An answer as React elements. HTML in it is text, except for a few harmless tags. */
export function FormattedAnswer({ text }: { text: string }) {
	const [last] = useState<{ answer?: Answer }>({});
	const answer = parsed(text, last.answer);
	last.answer = answer;
	if (!text) return null;
	let above = TITLE_LEVEL;
	return (
		<NoteNumbers labels={answer.notes.map(({ label }) => label)}>
			<div className="prose">
				{answer.sections.map((section, at) => {
					const element = <SectionElement key={String(at)} section={section} above={above} />;
					if (section.block.kind === "heading") above = levelOf(section.block.depth, above);
					return element;
				})}
				{answer.rest && (
					<p dir="auto" className="whitespace-pre-wrap">
						{answer.rest}
					</p>
				)}
				{answer.notes.length > 0 && <Footnotes notes={answer.notes} />}
			</div>
		</NoteNumbers>
	);
}

/** Memoized: while an answer grows, its unchanged sections stay the same objects. */
const SectionElement = memo(function SectionElement({ section, above }: { section: Section; above: number }) {
	return blockElement(section.block, above);
});

/** A parser fault must never break the page, so the answer is then shown raw. */
function parsed(text: string, before: Answer | undefined): Answer {
	try {
		return parseAnswer(text, before);
	} catch {
		return { text, sections: [], notes: [], rest: text, targetsKey: "" };
	}
}

/** The footnotes of an answer. Unreferenced ones come last. */
function Footnotes({ notes }: { notes: Note[] }) {
	const { idOf } = useNotes();
	return (
		<ol className="footnotes">
			{notes.map(({ label, children, isReferenced }) => (
				<li key={label} id={idOf(label, "note")} dir="auto">
					{blockElements(children, TITLE_LEVEL)}
					{isReferenced && (
						<a className="link" href={`#${idOf(label, "link")}`} aria-label={t("text_back_to_note", { label })}>
							↩
						</a>
					)}
				</li>
			))}
		</ol>
	);
}
