import { createHash } from "node:crypto";
import { EFFORTS, IMAGE_TOKENS, MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import { z } from "zod";
import { t } from "../../../text/text.ts";
import { readBody } from "../../http/api.ts";
import { refuse } from "../../http/problem.ts";
import type { User } from "../../identity/subject.ts";
import { allowedModels, modelsVersion } from "../model.ts";
import { quoteOf } from "../price.ts";

const BODY_BYTES_MAX = 8 * 1024 * 1024;
const TEXT_CHARS_MAX = 1024 * 1024;
const DEPTH_MAX = 64;
/** Never http, nor another scheme by which a provider would read from its own network. */
export const IMAGE_URL = /^(?:https:\/\/|data:image\/)/i;
export const FUNCTION_NAME = /^[\w.-]{1,64}$/;
const KEY = /^[\x21-\x7e]{1,255}$/;

const text = z.union([
	z.string(),
	z.array(
		z.union([z.object({ type: z.literal("text"), text: z.string() }), z.object({ type: z.literal("refusal"), refusal: z.string() })]),
	),
]);
const image = z.object({
	type: z.literal("image_url"),
	image_url: z.looseObject({ url: z.string().regex(IMAGE_URL) }),
});
const called = z.object({ name: z.string().max(256), arguments: z.string() });
const message = z.discriminatedUnion("role", [
	z.object({ role: z.enum(["system", "developer"]), content: text, name: z.string().optional() }),
	z.object({
		role: z.literal("user"),
		content: z.union([z.string(), z.array(z.union([z.object({ type: z.literal("text"), text: z.string() }), image]))]),
		name: z.string().optional(),
	}),
	z.object({
		role: z.literal("assistant"),
		content: text.nullish(),
		name: z.string().optional(),
		tool_calls: z
			.array(z.looseObject({ id: z.string(), type: z.literal("function"), function: called }))
			.max(128)
			.optional(),
	}),
	z.object({ role: z.literal("tool"), content: text, tool_call_id: z.string() }),
]);

export const number = (min: number, max: number) => z.number().min(min).max(max).nullish();
// Only functions: a provider's own tools cost money that no price covers.
const tool = z.object({ type: z.literal("function"), function: z.looseObject({ name: z.string().regex(FUNCTION_NAME) }) });

/** Fields passed to the upstream unchanged. Others are ignored, as OpenAI-compatible servers do, because one of them could buy something. */
const passed = {
	messages: z.array(message).min(1).max(2_000),
	tools: z.array(tool).max(128).optional(),
	tool_choice: z
		.union([z.enum(["none", "auto", "required"]), z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) })])
		.optional(),
	parallel_tool_calls: z.boolean().optional(),
	response_format: z.looseObject({ type: z.enum(["text", "json_object", "json_schema"]) }).optional(),
	temperature: number(0, 2),
	top_p: number(0, 1),
	presence_penalty: number(-2, 2),
	frequency_penalty: number(-2, 2),
	seed: z.int().nullish(),
	stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
	logit_bias: z.record(z.string(), z.number()).nullish(),
};

/** The fields read from the body of `POST /v1/chat/completions`. */
export const completionBody = z.object({
	...passed,
	model: z.string(),
	stream: z.boolean().nullish(),
	stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
	n: z.literal(1).nullish(),
	max_tokens: z.int().min(1).nullish(),
	max_completion_tokens: z.int().min(1).nullish(),
	reasoning_effort: z.enum(EFFORTS).nullish(),
});
export type CompletionBody = z.output<typeof completionBody>;

/** Reads a JSON body of the API, limited in nesting depth. @throws {ProblemError} 400, 413 */
export async function readApiBody<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
	const json = await readBody(request, z.unknown(), BODY_BYTES_MAX);
	if (isDeep(json)) refuse("invalid-request", t("problem_too_deep"));
	const parsed = schema.safeParse(json);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	return refuse("invalid-request", `${issue?.path.join(".") || "body"}: ${issue?.message ?? ""}`);
}

function isDeep(json: unknown): boolean {
	let level: unknown[] = [json];
	for (let depth = 0; level.length > 0; depth += 1) {
		if (depth > DEPTH_MAX) return true;
		level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
	}
	return false;
}

/**
 * Prices a body like a chat message of its length, and identifies the request.
 * @throws {ProblemError} 404 for an unknown model, 400 for content the model cannot read
 */
export function askOf(request: Request, subject: User, body: CompletionBody) {
	const model = allowedModels().find(({ id }) => id === body.model);
	if (!model) refuse("unknown-model", t("problem_model"));
	const effort = body.reasoning_effort ?? null;
	if (effort !== null && model.efforts[effort] === undefined) refuse("invalid-request", t("problem_effort", { model: model.id, effort }));
	const fields = Object.fromEntries(
		Object.keys(passed).flatMap((name) => (name in body ? [[name, body[name as keyof CompletionBody]]] : [])),
	);
	const { messages, ...rest } = body;
	const images = imagesIn(messages);
	if (images > 0 && !model.accepts.includes("image")) refuse("not-readable-by-model", t("problem_no_images"));
	const said = messages.map((one) => textOf(one));
	const settings = JSON.stringify([rest.tools, rest.response_format]);
	const chars = said.reduce((sum, one) => sum + one.length, settings.length);
	const tooLong = () => refuse("message-too-long", t("problem_too_long_for_model"));
	if (chars > TEXT_CHARS_MAX) tooLong();
	const tokens = said.reduce(
		(sum, one) => sum + MESSAGE_TOKENS + tokensOf(one),
		images * IMAGE_TOKENS + (rest.tools || rest.response_format ? tokensOf(settings) : 0),
	);
	const quote = quoteOf({ model, effort, instructions: 0, question: tokens, before: 0, whole: false });
	if (!quote) return tooLong();
	const asked = body.max_completion_tokens ?? body.max_tokens ?? model.maxOutput;
	const { requestId, isNamed } = nameOf(request, subject);
	return {
		...{ requestId, isNamed, subject, model, effort, units: quote.units, input: tokens, body: JSON.stringify(fields) },
		fingerprint: digest([model.id, effort, asked, fields]),
		terms: { model: model.id, effort, steps: quote.steps, version: modelsVersion() },
		maxOutput: Math.min(asked, model.maxOutput),
		question: said.findLast((_, at) => messages[at]?.role === "user") ?? "",
		...{ url: request.url, headers: [...request.headers].filter(([name]) => name !== "authorization") },
	};
}

/** A request id: from the Idempotency-Key if there is one, scoped to this user and key. */
function nameOf(request: Request, { credential, userId }: User): { requestId: string; isNamed: boolean } {
	const key = request.headers.get("idempotency-key");
	if (key !== null && !KEY.test(key)) refuse("invalid-request", t("problem_idempotency_key"));
	const name = key === null ? crypto.randomUUID().replaceAll("-", "") : digest([credential?.id ?? userId, key]).slice(0, 32);
	return { requestId: `api-${name}`, isNamed: key !== null };
}

const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

type Message = CompletionBody["messages"][number];

/** The parts of a message; plain text is one part. */
function contentOf({ content }: Message): { type: string; text?: string; refusal?: string }[] {
	return typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
}

function imagesIn(messages: readonly Message[]): number {
	return messages.flatMap(contentOf).filter(({ type }) => type === "image_url").length;
}

function textOf(one: Message): string {
	const said = contentOf(one).map((part) => part.text ?? part.refusal ?? "");
	const calls = one.role === "assistant" && one.tool_calls ? JSON.stringify(one.tool_calls) : "";
	return said.join("\n") + calls;
}
