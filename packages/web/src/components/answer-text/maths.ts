/**
 * Whether the text between `\(` and `\)`, or `\[` and `\]`, is a formula. In Markdown these are also escaped brackets, so a number in square brackets
 * and prose (a word of three letters, without an operator) stay text.
 */
export function isMaths(tex: string, open: "\\(" | "\\["): boolean {
	if (open === "\\[" && /^\s*\d+\s*$/.test(tex)) return false;
	return /[\\^_=+<>{}|]/.test(tex) || !/\p{L}{3}/u.test(tex);
}

/** An amount: `$5 or $10`, `$3/month for 2$`. A number alone or with a unit is a formula, as is anything with an operator. */
export const isPrice = (tex: string): boolean => /^[\d.,]/.test(tex) && /[\s/]|[^\x20-\x7e]/.test(tex) && !/[\\^_=+<>{}]/.test(tex);
