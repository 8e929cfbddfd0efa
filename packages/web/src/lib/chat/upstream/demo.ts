import { type LanguageModel, simulateReadableStream } from "ai";

/** Stands in for a model, so that a fresh clone works without a key. Every answer says that it is a demo. */
export const demoModel: Extract<LanguageModel, { specificationVersion: "v4" }> = {
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
