const titleCharsMax = 60;

/** Markdown marks at the start of a line and around words. Lookalikes such as `C#`, `a > b` and `snake_case` stay. */
const marks: [RegExp, string][] = [
	[/^\s*(```\S*|#{1,6}\s|(>\s?)+|[-*+]\s)/gm, ""],
	[/`+/g, ""],
	[/(?<![\w*])([*_]{1,3}|~~)(?=\S)([^*_~]+)(?<=\S)\1(?![\w*])/g, "$2"],
	[/\s+/g, " "],
];

const characters = new Intl.Segmenter();

/** A chat's title: its first message on one line, without Markdown, at most 60 characters and whole ones. Empty if nothing is left. */
export function chatTitle(message: string): string {
	// Only the start is shown, and the regular expressions must never see long input.
	let text = message.trimStart().slice(0, 4 * titleCharsMax);
	for (const [mark, plain] of marks) text = text.replace(mark, plain);
	text = text.trim();
	if (text.length <= titleCharsMax) return text.toWellFormed();
	// An emoji is one character and up to 35 UTF-16 units.
	const end = characters.segment(text).containing(titleCharsMax - 1)?.index ?? 0;
	return `${text.slice(0, end).trimEnd()}…`.toWellFormed();
}
