/** The model file: the single source of models, their prices and their bounds (docs/operations.md). Pure, because the Worker reads it too. */
import { z } from "zod";

const text = z.string().trim().min(1);
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/, "is not 1 to 64 letters, digits and . _ : / -");
const tokens = z.number().int().min(1).max(100_000_000);
const units = z.number().int().min(1).max(999);
/** Dollars per million tokens. A negative or missing price would charge nothing, or pay the customer. */
const dollars = z.number().positive().max(10_000);

const upstream = z.discriminatedUnion("kind", [
	z.strictObject({
		kind: z.literal("openai-compatible"),
		baseUrl: z.url({ protocol: /^https?$/ }),
		/** The secret with the key. The model is offered only if it is set. Without a name, no key is sent. */
		apiKeyVariable: z
			.string()
			.regex(/^[A-Z][A-Z0-9_]*$/, "is not the name of a variable")
			.optional(),
		/** The provider's name for the model. */
		model: text,
	}),
	z.strictObject({
		kind: z.literal("workers-ai"),
		/** The binding in wrangler.toml. */
		binding: z
			.string()
			.regex(/^[A-Z][A-Z0-9_]*$/, "is not the name of a binding")
			.default("AI"),
		model: text,
	}),
]);

const model = z.strictObject({
	id,
	label: text,
	description: text.optional(),
	/** Units of a one-step request without an effort. */
	weight: units,
	/** Tokens. */
	inputStep: tokens,
	maxOutput: tokens,
	contextWindow: tokens,
	/** The price factor of each effort. */
	efforts: z.strictObject({ low: units, medium: units, high: units }).partial().default({}),
	tiers: z
		.array(z.enum(["guest", "free", "paid"]))
		.min(1)
		.default(["guest", "free", "paid"]),
	price: z.strictObject({ input: dollars, cachedInput: dollars, output: dollars }),
	/** How long the model may be silent before its first output. */
	silenceSeconds: z.number().int().min(1).max(900).default(180),
	accepts: z.array(z.enum(["text", "image", "file"])).default(["text"]),
	purpose: z.enum(["chat", "titles"]).default("chat"),
	/** In the order in which they are tried. */
	upstreams: z.array(upstream).min(1),
	/** Whether the worst case of this model may cost more than it earns. */
	allowLoss: z.boolean().default(false),
});

const modelFile = z.strictObject({ models: z.array(model).min(1) }).superRefine(({ models }, context) => {
	const seen = new Set<string>();
	for (const [at, { id, inputStep, maxOutput, contextWindow }] of models.entries()) {
		if (seen.has(id)) context.addIssue({ code: "custom", path: ["models", at, "id"], message: `"${id}" is taken already` });
		seen.add(id);
		if (inputStep + maxOutput > contextWindow) {
			const message = "is less than inputStep and maxOutput together";
			context.addIssue({ code: "custom", path: ["models", at, "contextWindow"], message });
		}
	}
});

export type ModelEntry = z.infer<typeof model>;
export type Upstream = z.infer<typeof upstream>;

/** Parses and validates a model file. @throws Error with one line per fault, starting with its path */
export function parseModels(json: unknown, fileName = "models.json"): ModelEntry[] {
	const parsed = modelFile.safeParse(json);
	if (parsed.success) return parsed.data.models;
	const faults = parsed.error.issues.map(({ path, message }) => `${fileName}: ${z.core.toDotPath(path) || "the file"}: ${message}`);
	throw new Error(faults.join("\n"));
}
