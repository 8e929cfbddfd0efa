const titleCharsMax = 60;

/** The marks of Markdown at the start of a line and around words; what only looks like one, as in `C#`, `a > b` or `snake_case`, stays. */
const marks: [RegExp, string][] = [
	[/^\s*(```\S*|#{1,6}\s|(>\s?)+|[-*+]\s)/gm, ""],
	[/`+/g, ""],
	[/(?<![\w*])([*_]{1,3}|~~)(?=\S)([^*_~]+)(?<=\S)\1(?![\w*])/g, "$2"],
	[/\s+/g, " "],
];

/** The name of a chat: its first message on one line, without Markdown's marks, cut to 60 characters; empty where nothing is left. */
export function chatTitle(message: string): string {
	// Only the beginning can be in a title, and no expression here shall see a long text.
	let text = message.trimStart().slice(0, 4 * titleCharsMax);
	for (const [mark, plain] of marks) text = text.replace(mark, plain);
	text = text.trim();
	return text.length > titleCharsMax ? `${text.slice(0, titleCharsMax - 1).trimEnd()}…` : text;
}
