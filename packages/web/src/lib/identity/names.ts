import { NAME_CHARS_MAX } from "../../name-rule.ts";
import { t } from "../../text/text.ts";

/** Control, format, line-separating and unpaired characters. The two joiners stay: Persian names and emoji need them. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;

/** What mail programs turn into links, besides domains: a scheme, `www.`, an email address, an IPv4 address. */
const ADDRESS = /:\/\/|@|\bwww[.\u3002](?=\S)|\b(?:mailto|tel|sms|https?|ftps?|file):|\d{1,3}(?:[.\u3002]\d{1,3}){3}/iu;

/** A dot inside a word and the letters after it, which could be a top-level domain. */
const DOMAIN = /(?<=[\p{L}\p{M}\p{N}_-])[.\u3002](xn--|\p{L}[\p{L}\p{M}]+)/giu;

const countries = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/**
 * Whether a label may be a top-level domain. Their list grows, so any word of three letters or more may be one. Two-letter ones are reserved for
 * country codes (RFC 1591), which "js" is not.
 */
const mayBeTopLevel = (label: string) => !/^[a-z]{2}$/i.test(label) || countries.of(label.toUpperCase()) !== undefined;

/** Whether a text contains something that mail programs turn into a link. */
function hasAddress(text: string): boolean {
	return ADDRESS.test(text) || [...text.matchAll(DOMAIN)].some(([, label = ""]) => mayBeTopLevel(label));
}

/**
 * Normalizes a name for storage: trimmed, in Unicode's composed form (NFC). Null if invalid: not text, blank, over 60 characters, more than one line,
 * or with control characters, a web address or an email address. Names appear in our mails, where an address would become a link.
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
 * Tidies a name given at sign-up: a full stop or a pasted line break should not fail it. Anything resembling an address is
 * split: "J.Smith" becomes "J. Smith". Null if it is still invalid: blank, too long, not text.
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
