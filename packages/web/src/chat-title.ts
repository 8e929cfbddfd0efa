const titleCharsMax = 60;

/** Markdown marks at the start of a line and around words. Lookalikes such as `C#`, `a > b` and `snake_case` stay. */
const marks: [RegExp, string][] = [
	[/^\s*(```\S*|#{1,6}\s|(>\s?)+|[-*+]\s)/gm, ""],
	[/`+/g, ""],
	[/(?<![\w*])([*_]{1,3}|~~)(?=\S)([^*_~]+)(?<=\S)\1(?![\w*])/g, "$2"],
	[/\s+/g, " "],
];

/** A chat's title: its first message on one line, without Markdown, at most 60 characters. Empty if nothing is left. */
export function chatTitle(message: string): string {
	// Only the start is shown, and the regular expressions must never see long input.
	let text = message.trimStart().slice(0, 4 * titleCharsMax);
	for (const [mark, plain] of marks) text = text.replace(mark, plain);
	text = text.trim();
	return text.length > titleCharsMax ? `${text.slice(0, titleCharsMax - 1).trimEnd()}…` : text;
}
