/**
 * The work limit for an answer, in steps: one per line and block it is in, one per place in a text that may be markup, and some per element that
 * React renders. All steps take about the same time, so this bounds the time. Ordinary Markdown takes one step per ten characters.
 */
export const WORK_MAX = 20_000;
/** The steps of an element, including its node in the parser's tree. */
export const ELEMENT_WORK = 4;
/** A link, a formula or a checkbox: an element with many attributes, or with state. */
export const RICH_ELEMENT_WORK = 12;
/** The frame around a table or code: about fifteen elements, some with state. */
export const FRAME_WORK = 65;
/** The work limit for all answers of a page, estimated before they are parsed. */
const PAGE_WORK_MAX = 200_000;
/** Steps for a character that may be markup. */
const MARK_WORK = 2;

/** How many of a page's oldest answers are shown raw. */
export function unformattedCount(answers: readonly string[]): number {
	let left = PAGE_WORK_MAX;
	return (
		answers.findLastIndex((text) => {
			left -= likelyWork(text);
			return left < 0;
		}) + 1
	);
}

function likelyWork(text: string): number {
	let work = 0;
	for (let at = 0; at < text.length && work < WORK_MAX; at += 1) {
		const code = text.charCodeAt(at);
		const isMark =
			code === 10 || (code > 32 && code < 48) || (code > 57 && code < 65) || (code > 90 && code < 97) || (code > 122 && code < 127);
		if (isMark) work += MARK_WORK;
	}
	return Math.min(work, WORK_MAX);
}
