import { useSyncExternalStore } from "react";

const never = () => () => {};

/** False on the server and in the first render of the browser, so that both draw the same. */
export const useHydrated = () =>
	useSyncExternalStore(
		never,
		() => true,
		() => false,
	);

type Form = "time" | "day" | "date";

const forms: Record<Form, Intl.DateTimeFormatOptions> = {
	time: { hour: "2-digit", minute: "2-digit" },
	day: { day: "numeric", month: "long" },
	date: { day: "numeric", month: "long", year: "numeric" },
};

/** An instant in the reader's locale and zone; in the server's HTML in UTC, which is then named. */
export function LocalTime({ iso, form }: { iso: string; form: Form }) {
	const hydrated = useHydrated();
	const at = new Date(iso);
	const text = hydrated
		? at.toLocaleString(undefined, forms[form])
		: at.toLocaleString("en-GB", { ...forms[form], timeZone: "UTC" }) + (form === "time" ? " UTC" : "");
	return (
		<time dateTime={iso} className="whitespace-nowrap">
			{text}
		</time>
	);
}

/** A number in the reader's own form. */
export function LocalNumber({ value }: { value: number }) {
	const hydrated = useHydrated();
	return <>{value.toLocaleString(hydrated ? undefined : "en-GB")}</>;
}
