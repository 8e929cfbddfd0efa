import { letters } from "virtual:letters";
import { instant } from "../../../text/format.ts";
import { language } from "../../../text/reader.ts";
import { t } from "../../../text/text.ts";
import { deviceOf } from "../device.ts";

/** A mail before layout. */
export interface Draft {
	subject: string;
	/** Paragraphs separated by empty lines. One that is only a link becomes a button, one that is only digits a code. */
	text: string;
	/** The button's label. */
	action?: string;
}

/**
 * The HTML and plain text of a mail in the reader's language, from one text.
 * @param origin base of our pages, for the links below; null omits them
 */
export function letterOf({ subject, text, action = t("mail_open") }: Draft, origin: string | null): { html: string; text: string } {
	const template = letters[language()];
	const signature = template.signature.split("\n").filter((line) => origin !== null || !line.includes("%origin%"));
	const body = text.split(/\n{2,}/).map((paragraph) => blockOf(paragraph, escaped(action)));
	return {
		html: filled(linked(template.letter, origin), { subject: escaped(subject), body: body.join("") }),
		text: [text, signature.join("\n").replaceAll("%origin%", origin ?? "")].join("\n\n"),
	};
}

/** An instant including its date, because a mail may be read on another day. */
export const momentInMail = (iso: string) => `${instant(iso, "date")}, ${instant(iso, "time")}`;

/** A browser's common name. Client-supplied text is never repeated. */
export function deviceInMail(userAgent: string): string {
	const { browser, system } = deviceOf(userAgent);
	return browser && system ? t("account_browser_on", { browser, system }) : (browser ?? system ?? t("account_unknown_device"));
}

function blockOf(paragraph: string, label: string): string {
	const template = letters[language()];
	const text = escaped(paragraph.trim());
	if (/^https?:\/\/\S+$/.test(text)) return filled(template.button, { href: text, label });
	if (/^\d{4,10}$/.test(text)) return filled(template.code, { text });
	return filled(template.paragraph, { text: text.replaceAll(/https?:\/\/[^\s<>"]*[^\s<>".,;:!?)]/g, '<a href="$&">$&</a>') });
}

/** The letter with absolute links, or without links to our pages. */
const linked = (letter: string, origin: string | null) =>
	origin === null ? letter.replaceAll(/<a [^>]*href="%origin%[\s\S]*?<\/a>/g, "") : letter.replaceAll("%origin%", escaped(origin));

/** Fills a template's placeholders. Placeholders inside a value are not expanded. */
const filled = (template: string, values: Record<string, string>) =>
	template.replaceAll(/%(\w+)%/g, (place, name: string) => values[name] ?? place);

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
