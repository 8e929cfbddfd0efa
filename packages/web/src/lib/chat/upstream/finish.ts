/** Why a model ended, normalized. `other`: an unknown reason, so the answer's content decides. */
export type Finish = "stop" | "length" | "content_filter" | "tool_calls" | "failure" | "other";

/** The first match wins: `content_filter_error` is a filter, and `rate_limit` is not a length limit. */
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

/** Normalizes a finish reason. Null if there is none yet: some providers send null or "" in every chunk. */
export function finishOf(reason: unknown): Finish | null {
	if (typeof reason !== "string" || reason.trim() === "" || reason === "null") return null;
	const name = reason.trim().toLowerCase();
	if (/^(stop|eos|end)[_-]?(token|sequence|turn|of|text)/.test(name)) return "stop";
	return MEANINGS.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}
