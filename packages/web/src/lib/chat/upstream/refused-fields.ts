import type { Fields } from "./choice.ts";

/** Fields an answer can do without. Not the effort, because the user paid for it; a search that never runs is not paid. */
const OPTIONAL = ["safety_identifier", "stream_options", "tools"];
const CAPS = ["max_tokens", "max_completion_tokens"];
const UNKNOWN =
	/un(?:known|recogni[sz]ed|supported|expected)|not (?:supported?|permitted|allowed|recogni[sz]ed)|extra|additional propert|forbidden/i;
/** Provider messages for a model without tools: Ollama, OpenRouter ("No endpoints found that support tool use"), vLLM. */
const NO_TOOLS = /not support.{0,20} tools?\b|support tool use|tool choice requires/i;

/** The optional field that a provider refuses by name; null for any other refusal. */
export function refusedField(said: string, body: Fields, refused: ReadonlySet<string>): string | null {
	if ("tools" in body && NO_TOOLS.test(said)) return "tools";
	if (!UNKNOWN.test(said)) return null;
	const isNamed = (field: string) => field in body && new RegExp(`\\b${field}\\b`).test(said);
	const cap = CAPS.find((field) => isNamed(field));
	// The cap is never dropped: an answer without one is unbounded.
	if (cap) return CAPS.some((field) => refused.has(field)) ? null : cap;
	return OPTIONAL.find(isNamed) ?? null;
}

/** Removes fields that a provider has refused. An output cap switches to its other name. */
export function withoutFields(body: Fields, refused: ReadonlySet<string>): Fields {
	const kept = Object.entries(body).map(([field, value]) => {
		const other = CAPS.includes(field) && refused.has(field) ? CAPS.find((one) => one !== field) : undefined;
		return [other ?? field, value] as const;
	});
	return Object.fromEntries(kept.filter(([field]) => !refused.has(field)));
}

/** Fields that upstreams have refused in this isolate, by host and model. Learning each one costs a call. */
const refusedBy = new Map<string, Set<string>>();

export function refusedFieldsOf(host: string, model: string): Set<string> {
	const name = `${host} ${model}`;
	const fields = refusedBy.get(name) ?? new Set();
	refusedBy.set(name, fields);
	return fields;
}
