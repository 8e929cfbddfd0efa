import type { Effort } from "@parley/metering";
import { type LanguageModel, simulateReadableStream } from "ai";

type Model = Extract<LanguageModel, { specificationVersion: "v4" }>;
type Part = Awaited<ReturnType<Model["doStream"]>>["stream"] extends ReadableStream<infer T> ? T : never;

/** Sentences of pretended reasoning. */
const THOUGHTS: Record<Effort, number> = { low: 1, medium: 2, high: 4 };

/** Stands in for a model so that a fresh clone works without a key. Every answer says it is a demo. With an effort it first pretends to reason. */
export function demoModel(effort: Effort | null): Model {
	return {
		specificationVersion: "v4",
		provider: "parley",
		modelId: "demo",
		supportedUrls: {},
		doGenerate: () => Promise.reject(new Error("The demo model only streams.")),
		doStream: async ({ prompt, tools = [] }) => {
			const last = prompt.findLast((message) => message.role === "user");
			const parts = last?.role === "user" ? last.content : [];
			// Files come as parts before the user's text.
			const isFile = (text: string) => text.startsWith("<file ");
			const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
			const files = parts.filter((part) => part.type === "file" || isFile(part.text)).length;
			const question = texts.filter((text) => !isFile(text)).join(" ");
			const results = prompt.slice(prompt.findLastIndex(({ role }) => role === "user")).filter(({ role }) => role === "tool");
			if (tools.length > 0 && results.length === 0 && ASKS_FOR_NEW.test(question)) return { stream: streamOf(callOf(question)) };
			const found = results.length > 0 ? `${demoFound(JSON.stringify(results))}\n\n` : "";
			const chunks = partsOf(found + demoAnswer(question, files), "I would think here. ".repeat(effort === null ? 0 : THOUGHTS[effort]));
			return { stream: streamOf(chunks) };
		},
	};
}

const streamOf = (chunks: Part[]) => simulateReadableStream({ initialDelayInMs: 150, chunkDelayInMs: 12, chunks });

/** Questions that a model with web access would look up. */
const ASKS_FOR_NEW = /\b(?:newest|latest|news|today|search)\b/i;

const callOf = (query: string): Part[] => [
	{ type: "stream-start", warnings: [] },
	{ type: "tool-call", toolCallId: "demo", toolName: "web_search", input: JSON.stringify({ query: query.slice(0, 200) }) },
	finish("tool-calls"),
];

/** Names the first source, if any. */
const demoFound = (results: string) =>
	results.includes("[1] ") ? "I searched the web, and this is what I found [1]." : "I could not search the web.";

function partsOf(answer: string, thoughts: string): Part[] {
	return [
		{ type: "stream-start", warnings: [] },
		...wordsOf(thoughts).map((delta) => ({ type: "reasoning-delta" as const, id: "0", delta })),
		...wordsOf(answer).map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
		finish("stop"),
	];
}

const finish = (unified: "stop" | "tool-calls"): Part => ({
	type: "finish",
	finishReason: { unified, raw: undefined },
	usage: {
		inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
		outputTokens: { total: undefined, text: undefined, reasoning: undefined },
	},
});

const wordsOf = (text: string) => text.match(/\S+\s*|\s+/g) ?? [];

function demoAnswer(question: string, files: number): string {
	const quoted = question.length > 120 ? `${question.slice(0, 119)}…` : question;
	const attached = files === 0 ? "" : ` You attached ${files} ${files === 1 ? "file" : "files"}.`;
	return [
		`You asked: “${quoted.replaceAll(/\s+/g, " ").trim()}”.${attached}`,
		"I am the **demo model**: I stream like a real one and I am counted like a real one, but I do not think.",
		"To talk to a real model, set two variables and start again:",
		"```\nAI_BASE_URL=https://api.openai.com/v1\nAI_API_KEY=…\nAI_MODELS=gpt-5-mini\n```",
		"Any endpoint that speaks OpenAI's chat format will do:\n\n- OpenAI, OpenRouter or Cloudflare AI Gateway\n- Workers AI's REST form\n- Ollama or vLLM on your own machine",
	].join("\n\n");
}
