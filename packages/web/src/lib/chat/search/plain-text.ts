/** Longer texts are cut before reading. */
const CHARS_MAX = 8_000;

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", hellip: "…", ndash: "–" };

/** A title or snippet as one line of plain text: search engines send HTML, with `<strong>` around matched words. Runs in linear time. */
export function plainText(html: string): string {
	return html
		.slice(0, CHARS_MAX)
		.replace(/<\/?[a-z!][^<>]*>/gi, "")
		.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,6}));/gi, decoded)
		.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
		.trim()
		.toWellFormed();
}

function decoded(reference: string, hex?: string, decimal?: string, name = ""): string {
	if (!hex && !decimal) return NAMED[name.toLowerCase()] ?? reference;
	const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
	return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
}
