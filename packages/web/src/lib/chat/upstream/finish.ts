/** Why a model ended, by meaning. `other`: it says something that we do not know, so the words decide. */
export type Finish = "stop" | "length" | "content_filter" | "tool_calls" | "failure" | "other";

/** The first that matches decides: `content_filter_error` is a filter, and `rate_limit` is no limit of length. */
const MEANINGS: readonly [RegExp, Finish][] = [
	[/filter|safety|sensitive|moderat|recitation|block|prohibited|spii|toxic|policy|refus|guardrail|risk/, "content_filter"],
	[
		/error|fail|insufficient|abort|cancel|interrupt|timeout|timed.?out|overload|unavailable|malformed|network|exception|crash|disconnect|rate.?limit/,
		"failure",
	],
	[/length|max|limit|token|context|truncat|incomplete/, "length"],
	[/tool|function/, "tool_calls"],
	[/^(finish.?reason.?)?(stop|end|eos|complete|done|finish|success|normal)/, "stop"],
];

/** The meaning of a finish reason. Null where there is none yet: some providers send null or "" with each chunk. */
export function finishOf(reason: unknown): Finish | null {
	if (typeof reason !== "string" || reason.trim() === "" || reason === "null") return null;
	const name = reason.trim().toLowerCase();
	if (/^(stop|eos|end)[_-]?(token|sequence|turn|of|text)/.test(name)) return "stop";
	return MEANINGS.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}
