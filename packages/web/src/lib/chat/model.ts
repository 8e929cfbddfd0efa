import type { ModelEntry } from "@parley/plans/models";
import { config } from "../../config.ts";
import { OwnError } from "../../log.ts";
import type { ModelOption } from "../../view/chat.ts";

const demo = {
	weight: 1,
	inputStep: 8_000,
	maxOutput: 4_000,
	contextWindow: 128_000,
	tiers: ["guest", "free", "paid"],
	accepts: ["text"],
} as const;
const DEMOS: ModelOption[] = [
	{ ...demo, id: "demo", label: "Demo", description: "Answers at once.", efforts: {}, tiers: [...demo.tiers], accepts: ["text", "image"] },
	{
		...demo,
		id: "demo-thinker",
		label: "Demo thinker",
		description: "Pretends to think first.",
		weight: 3,
		efforts: { low: 1, medium: 2, high: 4 },
		tiers: ["free", "paid"],
		accepts: [...demo.accepts],
	},
];

/** The models that requests may choose, the default first. */
export function allowedModels(): ModelOption[] {
	const { models } = config();
	return models.kind === "demo" ? DEMOS : models.entries.filter(({ purpose }) => purpose === "chat").map(optionOf);
}

function optionOf({
	id,
	label,
	description,
	weight,
	efforts,
	inputStep,
	maxOutput,
	contextWindow,
	tiers,
	accepts,
}: ModelEntry): ModelOption {
	return { id, label, description: description ?? null, weight, efforts, inputStep, maxOutput, contextWindow, tiers, accepts };
}

/** The version of the models on offer, which requests keep. */
export function modelsVersion(): string {
	const { models } = config();
	return models.kind === "demo" ? "demo" : models.version;
}

/** The entry of a model from `allowedModels`; null for a demo. */
export function modelEntry(id: string): ModelEntry | null {
	const { models } = config();
	if (models.kind === "demo") return null;
	const entry = models.entries.find((one) => one.id === id && one.purpose === "chat");
	if (!entry) throw new OwnError(`the model ${id} is not offered any more`);
	return entry;
}

/** The model that names chats, if one is configured for that. */
export function titleModel(): ModelEntry | null {
	const { models } = config();
	return models.kind === "demo" ? null : (models.entries.find(({ purpose }) => purpose === "titles") ?? null);
}
