import { type Fields, isFields } from "./choice.ts";

/** Tokens reported by a provider. `cached` is part of `input`, and `reasoning` part of `output`. */
export interface Usage {
	input: number;
	cached: number;
	output: number;
	reasoning: number;
}

/** The usage in a chunk, in any of the places and names providers use. Null unless it has input and output. */
export function usageOf(chunk: Fields): Usage | null {
	const usage = [chunk.usage, isFields(chunk.x_groq) ? chunk.x_groq.usage : null].find(isFields);
	if (!usage) return null;
	const input = tokens(usage.prompt_tokens) ?? tokens(usage.input_tokens);
	const output = tokens(usage.completion_tokens) ?? tokens(usage.output_tokens);
	if (input === null || output === null) return null;
	const ofInput = [usage.prompt_tokens_details, usage.input_tokens_details].find(isFields);
	const ofOutput = [usage.completion_tokens_details, usage.output_tokens_details].find(isFields);
	const cached = tokens(ofInput?.cached_tokens) ?? tokens(usage.prompt_cache_hit_tokens) ?? 0;
	const reasoning = tokens(ofOutput?.reasoning_tokens) ?? tokens(usage.reasoning_tokens) ?? 0;
	// Some providers omit reasoning from the output but include it in the total.
	const all = Math.max(output, (tokens(usage.total_tokens) ?? 0) - input);
	return { input, cached: Math.min(cached, input), output: all, reasoning: Math.min(reasoning, all) };
}

function tokens(value: unknown): number | null {
	const number = typeof value === "string" && value !== "" ? Number(value) : value;
	return typeof number === "number" && Number.isFinite(number) && number >= 0 ? Math.ceil(number) : null;
}
