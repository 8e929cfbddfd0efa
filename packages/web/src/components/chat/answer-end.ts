import { t } from "../../text/text.ts";
import type { AnswerMetadata, AnswerState } from "../../view/chat.ts";

/** How an answer ended, whether it was counted, and what to do next, in a sentence or two. Null if there is nothing to say. */
export function sentenceOfEnd({ state, failure, rule, retryAfterS, counted, imported }: AnswerMetadata): string | null {
	if (imported) return endElsewhere(state);
	switch (failure === "busy" || failure === "too-long" || failure === "unavailable" ? failure : rule) {
		case "busy":
			return `${counted ? t("end_busy") : t("end_busy_free")} ${whenToTry(retryAfterS)}`;
		case "too-long":
			return `${counted ? t("end_too_long") : t("end_too_long_free")} ${t("end_too_long_next")}`;
		case "unavailable":
			return `${counted ? t("end_unavailable") : t("end_unavailable_free")} ${t("end_unavailable_next")}`;
		case "stopped-early":
		case "stopped-late":
			return counted ? t("end_stopped_counted") : t("end_stopped_free");
		case "failed-early":
		case "failed-midway":
			return counted ? t("end_failed") : t("end_failed_free");
		case "lost-midway":
		case "interrupted-midway":
			return counted ? t("end_interrupted") : t("end_interrupted_free");
		case "wordless":
			return counted ? t("end_wordless") : t("end_wordless_free");
		case "filtered-early":
			return `${counted ? t("end_filter_refused") : t("end_filter_refused_free")} ${t("end_filter_refused_next")}`;
		case "filtered":
			return t("end_filtered");
		case "length":
			return t("end_length");
		default:
			return null;
	}
}

/** How an answer in a shared chat ended. Nothing was counted for this reader. */
export function endElsewhere(state: AnswerState | undefined): string | null {
	switch (state) {
		case "stopped":
			return t("share_end_stopped");
		case "length":
			return t("share_end_length");
		case "filtered":
			return t("share_end_filtered");
		case "failed":
		case "interrupted":
			return t("share_end_interrupted");
		default:
			return null;
	}
}

/** The retry time in words. Rounded up to minutes from two minutes on. */
function whenToTry(seconds: number | undefined): string {
	if (!seconds) return t("end_try_in_minutes", { count: 1 });
	return seconds >= 120
		? t("end_try_in_minutes", { count: Math.ceil(seconds / 60) })
		: t("end_try_in_seconds", { count: Math.ceil(seconds) });
}
