/** The longest name of a user or an organization, in characters (code points). */
const NAME_CHARS_MAX = 60;

/** Control, format, line-separating and unpaired characters. The two joiners stay: Persian names and emoji need them. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;

/** What a mail program makes a link of: a scheme, a mail address, an IPv4 address, or a dot that joins two labels ("evil.example", not "J.R.R."). */
const ADDRESS = /:\/\/|@|\b(?:mailto|tel|https?):|[\p{L}\p{N}_-][.\u3002]\p{L}{2,}|\d{1,3}(?:\.\d{1,3}){3}/iu;

/** What a refused name is answered with. */
export const NAME_RULE = `A name is one line of at most ${NAME_CHARS_MAX} characters, without web or mail addresses.`;

/**
 * A name as it is stored: trimmed, in Unicode's composed form (NFC). Null if it is not one: not text, blank, over 60 characters, more than one line,
 * with control characters, or with a web or mail address. Names stand in our mails, where an address would become a link.
 */
export function nameOf(given: unknown): string | null {
	if (typeof given !== "string" || given.length > 8 * NAME_CHARS_MAX) return null;
	const name = given.normalize("NFC").trim();
	// Compatibility forms look the same to a reader: "evil．example".
	const read = name.normalize("NFKC");
	if (INVISIBLE.test(given) || ADDRESS.test(read) || !/[\p{L}\p{N}\p{P}\p{S}]/u.test(name)) return null;
	return [...name].length <= NAME_CHARS_MAX ? name : null;
}

/** A stored name in a mail. Accounts from before the rule may have any name, so it is cut to one line of the same length. */
export function nameInMail(stored: string): string {
	const line = [...stored.replace(new RegExp(INVISIBLE, "gu"), " ").replace(/\s+/g, " ").trim()].slice(0, NAME_CHARS_MAX).join("");
	return nameOf(line) ?? "Someone";
}
