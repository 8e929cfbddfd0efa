import { IMAGE_TOKENS, tokensOf } from "@parley/metering";
import { FILE_CHARS_MAX, FILE_NAME_CHARS_MAX } from "../../../input.ts";
import { t } from "../../../text/text.ts";

/** A file's content, detected from its bytes. Its name and declared type are ignored. */
export type Content = { kind: "image"; mediaType: string } | { kind: "text"; text: string } | { kind: "refused"; why: string };

const ascii = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

/** The image formats that browsers show and models read, by their first bytes. */
const IMAGES: Record<string, (bytes: Uint8Array) => boolean> = {
	"image/png": (bytes) => ascii(bytes, 0, 8) === "\x89PNG\r\n\x1a\n" && ascii(bytes, 12, 16) === "IHDR",
	"image/jpeg": (bytes) => ascii(bytes, 0, 3) === "\xff\xd8\xff",
	"image/gif": (bytes) => /^GIF8[79]a$/.test(ascii(bytes, 0, 6)),
	"image/webp": (bytes) => ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP",
};

/** Control characters that never occur in text. Form feeds and escapes do occur in source code and logs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** Recognizes png, jpeg, gif and webp images, and text in UTF-8. */
export function contentOf(bytes: Uint8Array): Content {
	const image = Object.entries(IMAGES).find(([, is]) => is(bytes));
	if (image) return { kind: "image", mediaType: image[0] };
	if (ascii(bytes, 0, 5) === "%PDF-") return { kind: "refused", why: t("problem_pdf") };
	const text = decoded(bytes);
	if (text === null) return { kind: "refused", why: t("problem_file_kinds") };
	if (text.trim() === "") return { kind: "refused", why: t("problem_file_empty") };
	if (text.length > FILE_CHARS_MAX) return { kind: "refused", why: t("problem_file_chars", { max: String(FILE_CHARS_MAX) }) };
	return { kind: "text", text };
}

/** Decodes UTF-8 without its byte order mark; null for anything else. */
function decoded(bytes: Uint8Array): string | null {
	try {
		const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
		return BINARY.test(text) ? null : text;
	} catch {
		return null;
	}
}

/** Characters that could disguise a name as another one, or break its line. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff<>"/\\]/gu;

/** A file's stored name: one line without a path, at most 120 characters, keeping the extension. */
export function fileName(given: string): string {
	const name = given.toWellFormed().replaceAll(UNSAFE, " ").replaceAll(/\s+/g, " ").trim();
	if (name.length <= FILE_NAME_CHARS_MAX) return name || "file";
	const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "";
	return `${name.slice(0, FILE_NAME_CHARS_MAX - extension.length - 1).toWellFormed()}…${extension}`;
}

/** A text file as sent to a model. */
export const asPrompt = (name: string, text: string): string => `<file name="${name}">\n${text}\n</file>`;

/** The estimated tokens of a file in a request (rule P2). */
export function tokensOfFile(name: string, content: Exclude<Content, { kind: "refused" }>): number {
	return content.kind === "image" ? IMAGE_TOKENS : tokensOf(asPrompt(name, content.text));
}
