import { useSyncExternalStore } from "react";
import { type DateForm, instant } from "../../text/format.ts";
import { t } from "../../text/text.ts";

const never = () => () => {};

/** False on the server and in the browser's first render, so that both produce the same markup. */
export const useHydrated = () =>
	useSyncExternalStore(
		never,
		() => true,
		() => false,
	);

/** An instant in the page's language and the reader's time zone. */
export function LocalTime({ iso, form }: { iso: string; form: DateForm }) {
	return (
		// Midnight may pass between the server's render and the browser's, and they may format a time differently. The painted text stays.
		<time dateTime={iso} data-form={form} suppressHydrationWarning className="whitespace-nowrap">
			{instant(iso, form)}
		</time>
	);
}

/** A number of requests in words. */
export const inRequests = (count: number): string => t("frame_requests", { count });

/** "12 s", or "1 min 5 s". */
export function inSeconds(ms: number): string {
	const seconds = Math.max(1, Math.round(ms / 1000));
	if (seconds < 60) return t("frame_seconds", { seconds: String(seconds) });
	return t("frame_minutes_seconds", { minutes: String(Math.floor(seconds / 60)), seconds: String(seconds % 60) });
}
