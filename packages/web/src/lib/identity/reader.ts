import { isLoopback } from "../../config.ts";
import { isLanguage, LANGUAGES, type Language } from "../../text/languages.ts";
import type { Reader } from "../../text/writing-for.ts";
import { readCookie, setCookie } from "./cookies.ts";

const YEAR_SECONDS = 31_536_000;

/**
 * The reader a response is written for. The language is the chosen one, or else the first supported one of `Accept-Language`. The time zone is the
 * browser's, which a page stores in a cookie (components/frame/zone-script.ts), or until then the network's.
 */
export function readerOf(request: Request): Reader {
	const chosen = readCookie(request, "language");
	// On a local server the network is not the reader's.
	const network = isLoopback(new URL(request.url).hostname) ? null : request.cf?.timezone;
	return {
		language: isLanguage(chosen) ? chosen : acceptedLanguage(request),
		timeZone: timeZoneNamed(readCookie(request, "zone")) ?? timeZoneNamed(network),
	};
}

/** The `Set-Cookie` value that stores a language choice for a year. */
export const languageCookie = (request: Request, language: Language): string => setCookie(request, "language", language, YEAR_SECONDS);

/** Sets the headers for a response's language and what it depends on. */
export function nameLanguage(headers: Headers, { language }: Reader): void {
	headers.set("content-language", language);
	headers.append("vary", "accept-language, cookie");
}

/** The best language for an `Accept-Language` header (RFC 9110, 12.5.4), whose ranges may name a region: "de-AT, en;q=0.8". */
function acceptedLanguage(request: Request): Language {
	const ranges = (request.headers.get("accept-language") ?? "").slice(0, 256).split(",");
	const wished = ranges
		.map((range) => /^\s*([a-z]+)[\w-]*\s*(?:;\s*q=([\d.]+))?\s*$/i.exec(range))
		.map((match) => ({ language: match?.[1]?.toLowerCase(), weight: Number(match?.[2] ?? 1) }))
		.filter(({ language, weight }) => isLanguage(language) && weight > 0)
		.toSorted((a, b) => b.weight - a.weight);
	return (wished[0]?.language ?? Object.keys(LANGUAGES)[0]) as Language;
}

/** A time zone in its canonical spelling, so that each zone has one formatter however a cookie spells it; null if unknown. */
function timeZoneNamed(name: unknown): string | null {
	if (typeof name !== "string" || !/^[\w+/-]{1,64}$/.test(name)) return null;
	try {
		return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
	} catch {
		return null;
	}
}
