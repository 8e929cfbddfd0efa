import { EFFORTS, priceOf } from "@parley/metering";
import type { ModelEntry } from "@parley/plans/models";
import { config } from "../../config.ts";
import { OwnError } from "../../log.ts";
import { t } from "../../text/text.ts";
import type { ModelOption, OfferedModel, SearchOffer } from "../../view/chat.ts";
import type { Tier } from "../../view/usage.ts";
import { SEARCHES_MAX } from "./search/limits.ts";

const demo: Omit<ModelOption, "id" | "label" | "description"> = {
	weight: 1,
	efforts: {},
	inputStep: 8_000,
	maxOutput: 4_000,
	contextWindow: 128_000,
	accepts: ["text"],
	tiers: ["guest", "free", "paid"],
};
const demos = (): ModelOption[] => [
	{ ...demo, id: "demo", label: t("demo_label"), description: t("demo_about"), accepts: ["text", "image"] },
	{
		...demo,
		id: "demo-thinker",
		label: t("demo_thinker_label"),
		description: t("demo_thinker_about"),
		weight: 3,
		efforts: { low: 1, medium: 2, high: 4 },
		tiers: ["free", "paid"],
		accepts: [...demo.accepts],
	},
];

/** The models a request may choose, default first. */
export function allowedModels(): ModelOption[] {
	const { models } = config();
	return models.kind === "demo" ? demos() : models.entries.filter(({ purpose }) => purpose === "chat").map(optionOf);
}

/** The public part of a model's entry. Upstreams, keys and costs stay on the server. */
function optionOf({
	id,
	label,
	description,
	weight,
	efforts,
	inputStep,
	maxOutput,
	contextWindow,
	accepts,
	tiers,
}: ModelEntry): ModelOption {
	return { id, label, description: description ?? null, weight, efforts, inputStep, maxOutput, contextWindow, accepts, tiers };
}

/** The models shown to a viewer of this tier, including those the tier may not use. */
export function offeredModels(tier: Tier): OfferedModel[] {
	return allowedModels().map((model) => {
		const lowest = EFFORTS.find((effort) => model.efforts[effort] !== undefined) ?? null;
		return { ...model, allowed: model.tiers.includes(tier), units: priceOf(model, lowest, 0).units };
	});
}

/** The version of the model list, which requests store. */
export function modelsVersion(): string {
	const { models } = config();
	return models.kind === "demo" ? "demo" : models.version;
}

/**
 * A model's entry from `allowedModels`; null for a demo.
 * @throws {OwnError} when the model is no longer offered
 */
export function modelEntry(id: string): ModelEntry | null {
	const { models } = config();
	if (models.kind === "demo") return null;
	const entry = models.entries.find((one) => one.id === id && one.purpose === "chat");
	if (!entry) throw new OwnError(`the model ${id} is not offered any more`);
	return entry;
}

/** A model's token prices, dollars per million; undefined for a demo or a model no longer offered. */
export function priceOfModel(id: string): ModelEntry["price"] | undefined {
	const { models } = config();
	return models.kind === "demo" ? undefined : models.entries.find((one) => one.id === id)?.price;
}

/** A model's output limit, tokens; infinite for a model no longer offered. */
export function outputMaxOf(id: string): number {
	return allowedModels().find((one) => one.id === id)?.maxOutput ?? Number.POSITIVE_INFINITY;
}

/** The price of web search here; null if none is configured. */
export function searchOffer(): SearchOffer | null {
	const { search } = config();
	return search && { units: search.units, max: SEARCHES_MAX };
}

/** The model that generates chat titles, if one is configured. */
export function titleModel(): ModelEntry | null {
	const { models } = config();
	return models.kind === "demo" ? null : (models.entries.find(({ purpose }) => purpose === "titles") ?? null);
}
