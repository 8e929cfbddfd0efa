import { expect, test } from "vitest";
import { finishOf } from "./finish.ts";

test.each([
	...["stop", "STOP", "end_turn", "stop_sequence", "eos_token", "eos", "FINISH_REASON_STOP", "complete", "COMPLETE", "done", "end"].map(
		(reason) => [reason, "stop"] as const,
	),
	...["length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens", "model_context_window_exceeded", "token_limit"].map(
		(reason) => [reason, "length"] as const,
	),
	...["content_filter", "sensitive", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "refusal", "guardrail_intervened", "ERROR_TOXIC"].map(
		(reason) => [reason, "content_filter"] as const,
	),
	...["error", "ERROR", "insufficient_system_resource", "abort", "cancelled", "network_error", "MALFORMED_FUNCTION_CALL", "timeout"].map(
		(reason) => [reason, "failure"] as const,
	),
	...["tool_calls", "function_call", "tool_use"].map((reason) => [reason, "tool_calls"] as const),
	...["other", "OTHER", "eos-ish", "unknown", "LANGUAGE"].map((reason) => [reason, reason === "eos-ish" ? "stop" : "other"] as const),
])("%s means %s", (reason, meaning) => {
	expect(finishOf(reason)).toBe(meaning);
});

test.each([[null], [undefined], [""], [" "], [0], [{}], ["null"]])("%j is no finish reason yet", (reason) => {
	expect(finishOf(reason)).toBeNull();
});
