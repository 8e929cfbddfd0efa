import type { RuleName } from "@parley/metering/who-pays";
import { t } from "../../text/text.ts";

/** A row of the table of what counts, as displayed. */
export interface RuleText {
	happens: string;
	counted: string;
}

/** Every rule, in the table's order. Not imported from it, which would put its English texts into every language's bundle. */
export const RULES: readonly RuleName[] = [
	"refused",
	"price-rose",
	"stopped-early",
	"busy",
	"too-long",
	"unavailable",
	"failed-early",
	"filtered-early",
	"wordless",
	"lost-midway",
	"failed-midway",
	"interrupted-midway",
	"complete",
	"stopped-late",
	"length",
	"filtered",
	"left",
	"repeat",
	"program-left",
	"program-named",
	"conflict",
	"again",
	"anew",
	"step",
	"step-refused",
	"step-failed",
	"never-started",
	"running",
	"unreachable",
	"deleted",
];

/** The rules whose requests are free, within the forgiveness bound. */
export const FREE_RULES: readonly RuleName[] = [
	"stopped-early",
	"busy",
	"too-long",
	"unavailable",
	"failed-early",
	"filtered-early",
	"wordless",
	"lost-midway",
	"failed-midway",
	"interrupted-midway",
	"never-started",
];

/** A rule's texts. */
export function ruleText(name: RuleName): RuleText {
	switch (name) {
		case "refused":
			return { happens: t("rule_refused_happens"), counted: t("rule_refused_counted") };
		case "price-rose":
			return { happens: t("rule_price_rose_happens"), counted: t("rule_price_rose_counted") };
		case "stopped-early":
			return { happens: t("rule_stopped_early_happens"), counted: t("rule_stopped_early_counted") };
		case "busy":
			return { happens: t("rule_busy_happens"), counted: t("rule_busy_counted") };
		case "too-long":
			return { happens: t("rule_too_long_happens"), counted: t("rule_too_long_counted") };
		case "unavailable":
			return { happens: t("rule_unavailable_happens"), counted: t("rule_unavailable_counted") };
		case "failed-early":
			return { happens: t("rule_failed_early_happens"), counted: t("rule_failed_early_counted") };
		case "filtered-early":
			return { happens: t("rule_filtered_early_happens"), counted: t("rule_filtered_early_counted") };
		case "wordless":
			return { happens: t("rule_wordless_happens"), counted: t("rule_wordless_counted") };
		case "lost-midway":
			return { happens: t("rule_lost_midway_happens"), counted: t("rule_lost_midway_counted") };
		case "failed-midway":
			return { happens: t("rule_failed_midway_happens"), counted: t("rule_failed_midway_counted") };
		case "interrupted-midway":
			return { happens: t("rule_interrupted_midway_happens"), counted: t("rule_interrupted_midway_counted") };
		case "complete":
			return { happens: t("rule_complete_happens"), counted: t("rule_complete_counted") };
		case "stopped-late":
			return { happens: t("rule_stopped_late_happens"), counted: t("rule_stopped_late_counted") };
		case "length":
			return { happens: t("rule_length_happens"), counted: t("rule_length_counted") };
		case "filtered":
			return { happens: t("rule_filtered_happens"), counted: t("rule_filtered_counted") };
		case "left":
			return { happens: t("rule_left_happens"), counted: t("rule_left_counted") };
		case "repeat":
			return { happens: t("rule_repeat_happens"), counted: t("rule_repeat_counted") };
		case "program-left":
			return { happens: t("rule_program_left_happens"), counted: t("rule_program_left_counted") };
		case "program-named":
			return { happens: t("rule_program_named_happens"), counted: t("rule_program_named_counted") };
		case "conflict":
			return { happens: t("rule_conflict_happens"), counted: t("rule_conflict_counted") };
		case "again":
			return { happens: t("rule_again_happens"), counted: t("rule_again_counted") };
		case "anew":
			return { happens: t("rule_anew_happens"), counted: t("rule_anew_counted") };
		case "step":
			return { happens: t("rule_step_happens"), counted: t("rule_step_counted") };
		case "step-refused":
			return { happens: t("rule_step_refused_happens"), counted: t("rule_step_refused_counted") };
		case "step-failed":
			return { happens: t("rule_step_failed_happens"), counted: t("rule_step_failed_counted") };
		case "never-started":
			return { happens: t("rule_never_started_happens"), counted: t("rule_never_started_counted") };
		case "running":
			return { happens: t("rule_running_happens"), counted: t("rule_running_counted") };
		case "unreachable":
			return { happens: t("rule_unreachable_happens"), counted: t("rule_unreachable_counted") };
		case "deleted":
			return { happens: t("rule_deleted_happens"), counted: t("rule_deleted_counted") };
	}
}
