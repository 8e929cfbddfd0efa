import type { Language } from "./languages.ts";
import { language, timeZone } from "./reader.ts";

/** How much of an instant a text shows. `moment`: the time of today, and of another day with its date. */
export type DateForm = "time" | "day" | "date" | "moment";

/** The parts of each form, which the language puts in its order. Of 24 hours, those of the morning have two digits, too. */
export function dateForms(locale: Language): Record<DateForm, Intl.DateTimeFormatOptions> {
	const time = { hour: locale === "en" ? "numeric" : "2-digit", minute: "2-digit" } as const;
	return {
		time,
		moment: { day: "numeric", month: "short", ...time },
		day: { day: "numeric", month: "long" },
		date: { day: "numeric", month: "long", year: "numeric" },
	};
}

/** A formatter takes a phone 50 ms to make, and a chat shows a time for each answer. */
const formatters = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function kept<F extends Intl.DateTimeFormat | Intl.NumberFormat>(name: string, make: (locale: string) => F): F {
	const locale = language();
	const key = `${locale} ${name}`;
	const formatter = formatters.get(key) ?? make(locale);
	formatters.set(key, formatter);
	return formatter as F;
}

/** An instant in the page's language and the reader's time zone. Until the zone is known it is in UTC, and says so. */
export function instant(iso: string, form: DateForm): string {
	const zone = timeZone();
	const at = new Date(iso);
	const shown = form === "moment" && dayNumber(at.getTime(), zone) === dayNumber(Date.now(), zone) ? "time" : form;
	const text = dateFormat(shown, dateForms(language())[shown], zone).format(at);
	return zone === null && (shown === "time" || shown === "moment") ? `${text} UTC` : text;
}

/** A day of the calendar, "2026-11-30", with its month in short. */
export const calendarDate = (day: string): string =>
	dateFormat("calendar", { day: "numeric", month: "short" }, "UTC").format(new Date(day));

/** The month of a day, with its year where that is not the one of `today`. Both in days since 1970-01-01. */
export function monthName(day: number, today: number): string {
	const [at, now] = [new Date(day * DAY_MS), new Date(today * DAY_MS)];
	const other = at.getUTCFullYear() !== now.getUTCFullYear();
	return dateFormat(`month ${other}`, { month: "long", ...(other && { year: "numeric" }) }, "UTC").format(at);
}

/** An IANA name. null or "": not known, which is UTC. undefined: the browser's own. */
export type Zone = ReturnType<typeof timeZone>;

/** The day of the calendar on which an instant is, in days since 1970-01-01. */
export function dayNumber(atMs: number, zone: Zone): number {
	const at = new Date(atMs);
	if (zone === undefined) return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY_MS;
	const key = `day ${zone}`;
	const formatter = formatters.get(key) ?? new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone: zone || "UTC" });
	formatters.set(key, formatter);
	return Date.parse((formatter as Intl.DateTimeFormat).format(at)) / DAY_MS;
}

const DAY_MS = 86_400_000;

const dateFormat = (name: string, parts: Intl.DateTimeFormatOptions, zone: Zone): Intl.DateTimeFormat =>
	kept(
		`${name} ${zone}`,
		(locale) => new Intl.DateTimeFormat(locale, { ...parts, timeZone: zone === undefined ? undefined : zone || "UTC" }),
	);

/** A number as the page's language writes it. */
export function number(value: number): string {
	if (Number.isInteger(value) && value >= 0 && value < 1000) return String(value);
	return kept("number", (locale) => new Intl.NumberFormat(locale)).format(value);
}

/** A number with one digit after the point. */
export const tenths = (value: number): string =>
	kept("tenths", (locale) => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })).format(value);

/** An amount in cents as a price, without cents when there are none. */
export function money(amountCents: number, currency: string): string {
	const minimumFractionDigits = amountCents % 100 === 0 ? 0 : 2;
	return kept(`${currency} ${minimumFractionDigits}`, (locale) => {
		return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits });
	}).format(amountCents / 100);
}
