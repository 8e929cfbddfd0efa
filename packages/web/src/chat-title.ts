const TITLE_MAX = 60;
/** Only the start is shown, and the regular expressions must never see long input. */
const READ_MAX = 4 * TITLE_MAX;

/** Markdown marks at the start of a line and around words. Lookalikes such as `C#`, `a > b` and `snake_case` stay. */
const marks: [RegExp, string][] = [
	[/^\s*(```\S*|#{1,6}\s|(>\s?)+|[-*+]\s)/gm, ""],
	[/`+/g, ""],
	[/(?<![\w*])([*_]{1,3}|~~)(?=\S)([^*_~]+)(?<=\S)\1(?![\w*])/g, "$2"],
	[/\s+/g, " "],
];

/** A chat's title: its first message on one line, without Markdown, at most 60 characters as a reader counts them. Empty if nothing is left. */
export function chatTitle(message: string): string {
	const start = message.trimStart();
	let text = start.slice(0, READ_MAX);
	for (const [mark, plain] of marks) text = text.replace(mark, plain);
	const characters = graphemesOf(text.trim().toWellFormed());
	const isCut = start.length > READ_MAX;
	// The last character may be incomplete.
	if (isCut) characters.pop();
	if (!isCut && characters.length <= TITLE_MAX) return characters.join("");
	return `${characters
		.slice(0, TITLE_MAX - 1)
		.join("")
		.trimEnd()}…`;
}

/** Splits a text into characters as readers see them: an emoji of several code points, or a letter with its accents, is one. */
const graphemesOf = (text: string) => Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
