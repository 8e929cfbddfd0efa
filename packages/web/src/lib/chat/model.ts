import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { ModelEntry } from "@parley/plans/models";
import { type LanguageModel, simulateReadableStream } from "ai";
import { config, secretOf } from "../../config.ts";
import type { ModelOption } from "../../view/chat.ts";

const demo = { weight: 1, inputStep: 8_000, maxOutput: 4_000, contextWindow: 128_000, tiers: ["guest", "free", "paid"] } as const;
const DEMOS: ModelOption[] = [
	{ ...demo, id: "demo", label: "Demo", description: "Answers at once.", efforts: {}, tiers: [...demo.tiers] },
	{
		...demo,
		id: "demo-thinker",
		label: "Demo thinker",
		description: "Pretends to think first.",
		weight: 3,
		efforts: { low: 1, medium: 2, high: 4 },
		tiers: ["free", "paid"],
	},
];

/** The models that requests may choose, the default first. */
export function allowedModels(): ModelOption[] {
	const { models } = config();
	return models.kind === "demo" ? DEMOS : models.entries.filter(({ purpose }) => purpose === "chat").map(optionOf);
}

function optionOf({ id, label, description, weight, efforts, inputStep, maxOutput, contextWindow, tiers }: ModelEntry): ModelOption {
	return { id, label, description: description ?? null, weight, efforts, inputStep, maxOutput, contextWindow, tiers };
}

/** The version of the models on offer, which requests keep. */
export function modelsVersion(): string {
	const { models } = config();
	return models.kind === "demo" ? "demo" : models.version;
}

/** The model of an id from `allowedModels`. */
export function languageModel(id: string): LanguageModel {
	const { models } = config();
	if (models.kind === "demo") return demoModel;
	const upstream = models.entries.find((entry) => entry.id === id)?.upstreams[0];
	if (upstream?.kind !== "openai-compatible") throw new Error(`invariant: the model ${id} has an upstream`);
	const apiKey = secretOf(upstream.apiKeyVariable);
	return createOpenAICompatible({ name: "model", baseURL: upstream.baseUrl, apiKey }).chatModel(upstream.model);
}

type Specified = Extract<LanguageModel, { specificationVersion: "v4" }>;

/** Stands in for a model, so that a fresh clone works without a key. Every answer says that it is a demo. */
const demoModel: Specified = {
	specificationVersion: "v4",
	provider: "parley",
	modelId: "demo",
	supportedUrls: {},
	doGenerate: () => Promise.reject(new Error("The demo model only streams.")),
	doStream: async ({ prompt }) => {
		const last = prompt.findLast((message) => message.role === "user");
		const question = last?.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(" ") ?? "";
		const words = demoAnswer(question).match(/\S+\s*|\s+/g) ?? [];
		return {
			stream: simulateReadableStream({
				initialDelayInMs: 150,
				chunkDelayInMs: 12,
				chunks: [
					{ type: "stream-start" as const, warnings: [] },
					{ type: "text-start" as const, id: "0" },
					...words.map((delta) => ({ type: "text-delta" as const, id: "0", delta })),
					{ type: "text-end" as const, id: "0" },
					{
						type: "finish" as const,
						finishReason: { unified: "stop" as const, raw: undefined },
						usage: {
							inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
							outputTokens: { total: words.length, text: words.length, reasoning: undefined },
						},
					},
				],
			}),
		};
	},
};

function demoAnswer(question: string): string {
	const quoted = question.length > 120 ? `${question.slice(0, 119)}…` : question;
	return [
		`You asked: “${quoted.replaceAll(/\s+/g, " ").trim()}”.`,
		"I am the **demo model**: I stream like a real one and I am counted like a real one, but I do not think.",
		"To talk to a real model, set two variables and start again:",
		"```\nAI_BASE_URL=https://api.openai.com/v1\nAI_API_KEY=…\nAI_MODELS=gpt-5-mini\n```",
		"Any endpoint that speaks OpenAI's chat format will do:\n\n- OpenAI, OpenRouter or Cloudflare AI Gateway\n- Workers AI's REST form\n- Ollama or vLLM on your own machine",
	].join("\n\n");
}
