/**
 * The most work for an answer, in steps: one for a line in each block that it is in, one for each place in a text that may be markup, and some for each
 * element that React draws. Each step takes about as long as any other, so this bounds the time. Ordinary Markdown has one for ten characters.
 */
export const WORK_MAX = 40_000;
/** As many answers as need this much work at the worst are formatted on a page: hostile text has a step for each character, or more. */
const PAGE_WORK_MAX = 600_000;

/** How many of the oldest answers of a page are shown as they were written. */
export function unformattedCount(answers: readonly string[]): number {
	let left = PAGE_WORK_MAX;
	return (
		answers.findLastIndex((text) => {
			left -= Math.min(WORK_MAX, text.length);
			return left < 0;
		}) + 1
	);
}
