import { useSyncExternalStore } from "react";

const never = () => () => {};

/** False on the server and in the browser's first render, so that both produce the same markup. */
export const useHydrated = () =>
	useSyncExternalStore(
		never,
		() => true,
		() => false,
	);

/** `moment`: the time of today, and of another day with its date. */
type Form = "time" | "day" | "date" | "moment";

const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const forms: Record<Form, Intl.DateTimeFormatOptions> = {
	time,
	moment: { day: "numeric", month: "short", ...time },
	day: { day: "numeric", month: "long" },
	date: { day: "numeric", month: "long", year: "numeric" },
};

/** A formatter takes a phone 50 ms to make, and a chat shows a time for each answer. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(locale: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = JSON.stringify([locale, options]);
	const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(locale, options);
	formatters.set(key, formatter);
	return formatter;
}

/** An instant in the viewer's locale and time zone. The server's HTML has it in UTC, and says so. */
export function LocalTime({ iso, form }: { iso: string; form: Form }) {
	const hydrated = useHydrated();
	const at = new Date(iso);
	const isToday = hydrated && at.toDateString() === new Date().toDateString();
	const text = hydrated
		? formatterFor(undefined, form === "moment" && isToday ? time : forms[form]).format(at)
		: formatterFor("en-GB", { ...forms[form], timeZone: "UTC" }).format(at) + (form === "time" || form === "moment" ? " UTC" : "");
	return (
		<time dateTime={iso} className="whitespace-nowrap">
			{text}
		</time>
	);
}

/** A number in the viewer's locale. */
export function LocalNumber({ value }: { value: number }) {
	const hydrated = useHydrated();
	return <>{value.toLocaleString(hydrated ? undefined : "en-GB")}</>;
}

/** A number of requests in words. */
export const inRequests = (units: number): string => `${units} ${units === 1 ? "request" : "requests"}`;

/** "12 s", or "1 min 5 s". */
export function inSeconds(ms: number): string {
	const seconds = Math.max(1, Math.round(ms / 1000));
	return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
