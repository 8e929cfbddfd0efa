import { NAME_CHARS_MAX } from "../../name-rule.ts";
import { t } from "../../text/text.ts";

/** Control, format, line-separating and unpaired characters. The two joiners stay: Persian names and emoji need them. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;

/** What mail programs make a link of, besides domains: a scheme, `www.`, a mail address, an IPv4 address. */
const ADDRESS = /:\/\/|@|\bwww[.\u3002](?=\S)|\b(?:mailto|tel|sms|https?|ftps?|file):|\d{1,3}(?:[.\u3002]\d{1,3}){3}/iu;

/** A dot within a word, and the letters after it: what would be a top-level domain. */
const DOMAIN = /(?<=[\p{L}\p{M}\p{N}_-])[.\u3002](xn--|\p{L}[\p{L}\p{M}]+)/giu;

const countries = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/**
 * Whether a label may be a top-level domain. Their list grows, so that every word of three letters may be one. Two letters are reserved for the codes of
 * countries (RFC 1591), which "js" is not.
 */
const mayBeTopLevel = (label: string) => !/^[a-z]{2}$/i.test(label) || countries.of(label.toUpperCase()) !== undefined;

/** Whether a text has something that a mail program makes a link of. */
function hasAddress(text: string): boolean {
	return ADDRESS.test(text) || [...text.matchAll(DOMAIN)].some(([, label = ""]) => mayBeTopLevel(label));
}

/**
 * A name as it is stored: trimmed, in Unicode's composed form (NFC). Null if it is not one: not text, blank, over 60 characters, more than one line,
 * with control characters, or with a web or mail address. Names stand in our mails, where an address would become a link.
 */
export function nameOf(given: unknown): string | null {
	if (typeof given !== "string" || given.length > 8 * NAME_CHARS_MAX) return null;
	const name = given.normalize("NFC").trim();
	// Compatibility forms look the same to a reader: "evil．example".
	const read = name.normalize("NFKC");
	if (INVISIBLE.test(given) || hasAddress(read) || !/[\p{L}\p{N}\p{P}\p{S}]/u.test(name)) return null;
	return [...name].length <= NAME_CHARS_MAX ? name : null;
}

/**
 * The name of someone who signs up, tidied: nobody should fail to sign up for a full stop or a pasted line break. What would make an address is taken
 * apart: "J.Smith" becomes "J. Smith". Null for what is still no name: blank, too long, not text.
 */
export function nameAtSignUp(given: unknown): string | null {
	const name = nameOf(given);
	if (name !== null || typeof given !== "string" || given.length > 8 * NAME_CHARS_MAX) return name;
	return nameOf(
		inOneLine(
			given
				.normalize("NFKC")
				.replace(/([.\u3002])(?=\S)/g, "$1 ")
				.replace(/[@:/\\]/g, " "),
		),
	);
}

const inOneLine = (text: string) => text.replace(new RegExp(INVISIBLE, "gu"), " ").replace(/\s+/g, " ").trim();

/** A stored name in a mail. Accounts from before the rule may have any name, so it is cut to one line of the same length. */
export function nameInMail(stored: string): string {
	return nameOf([...inOneLine(stored)].slice(0, NAME_CHARS_MAX).join("")) ?? t("mail_someone");
}
