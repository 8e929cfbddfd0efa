import { EFFORTS } from "@parley/metering";
import { z } from "zod";
import { type CompletionBody, FUNCTION_NAME, IMAGE_URL, number } from "./request.ts";

const text = z.object({ type: z.enum(["input_text", "output_text"]), text: z.string() });
const refusal = z.object({ type: z.literal("refusal"), refusal: z.string() });
const image = z.object({ type: z.literal("input_image"), image_url: z.string().regex(IMAGE_URL), detail: z.string().optional() });
const texts = z.union([z.string(), z.array(text)]);

const message = z.discriminatedUnion("role", [
	z.object({ type: z.literal("message").optional(), role: z.enum(["system", "developer"]), content: texts }),
	z.object({
		type: z.literal("message").optional(),
		role: z.literal("user"),
		content: z.union([z.string(), z.array(z.union([text, image]))]),
	}),
	z.object({
		type: z.literal("message").optional(),
		role: z.literal("assistant"),
		content: z.union([z.string(), z.array(z.union([text, refusal]))]),
	}),
]);

const item = z.union([
	message,
	z.object({ type: z.literal("function_call"), call_id: z.string(), name: z.string().max(256), arguments: z.string() }),
	z.object({ type: z.literal("function_call_output"), call_id: z.string(), output: texts }),
	// Clients send a model's reasoning back with its output. No upstream accepts it in this form.
	z.object({ type: z.literal("reasoning") }),
]);

const tool = z.object({
	type: z.literal("function"),
	name: z.string().regex(FUNCTION_NAME),
	description: z.string().nullish(),
	parameters: z.record(z.string(), z.unknown()).nullish(),
	strict: z.boolean().nullish(),
});

const format = z.discriminatedUnion("type", [
	z.object({ type: z.literal("text") }),
	z.object({ type: z.literal("json_object") }),
	z.object({
		type: z.literal("json_schema"),
		name: z.string(),
		schema: z.record(z.string(), z.unknown()),
		description: z.string().optional(),
		strict: z.boolean().nullish(),
	}),
]);

/** The fields read from the body of `POST /v1/responses`. Fields that need a stored response are refused, because none is stored. */
export const responseBody = z.object({
	model: z.string(),
	input: z.union([z.string(), z.array(item).min(1).max(2_000)]),
	instructions: z.string().nullish(),
	stream: z.boolean().nullish(),
	max_output_tokens: z.int().min(1).nullish(),
	temperature: number(0, 2),
	top_p: number(0, 1),
	tools: z.array(tool).max(128).optional(),
	tool_choice: z.union([z.enum(["none", "auto", "required"]), z.object({ type: z.literal("function"), name: z.string() })]).optional(),
	parallel_tool_calls: z.boolean().nullish(),
	text: z.object({ format: format.optional() }).nullish(),
	reasoning: z.object({ effort: z.enum(EFFORTS).nullish() }).nullish(),
	previous_response_id: z.null().optional(),
	conversation: z.null().optional(),
	background: z.literal(false).nullish(),
});
export type ResponseBody = z.output<typeof responseBody>;

type Message = CompletionBody["messages"][number];
type Item = z.output<typeof item>;

/** The same request as a chat completion, the format upstreams accept. */
export function completionOf(body: ResponseBody): CompletionBody {
	const { model, input, instructions, max_output_tokens, temperature, top_p, tools, tool_choice, parallel_tool_calls } = body;
	const items: Item[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
	const messages: Message[] = instructions ? [{ role: "system", content: instructions }] : [];
	for (const one of items) add(messages, one);
	return {
		...{ model, messages, max_completion_tokens: max_output_tokens, temperature, top_p, reasoning_effort: body.reasoning?.effort },
		...(tools && tools.length > 0 && { tools: tools.map(toolOf) }),
		...(tool_choice && {
			tool_choice: typeof tool_choice === "string" ? tool_choice : { type: "function", function: { name: tool_choice.name } },
		}),
		...(typeof parallel_tool_calls === "boolean" && { parallel_tool_calls }),
		...formatOf(body.text?.format),
	};
}

/** The calls of one turn form one message with the text before them. */
function add(messages: Message[], one: Item): void {
	if ("role" in one) messages.push(messageOf(one));
	else if (one.type === "function_call_output") messages.push({ role: "tool", tool_call_id: one.call_id, content: plain(one.output) });
	else if (one.type === "function_call") {
		const call = { id: one.call_id, type: "function" as const, function: { name: one.name, arguments: one.arguments } };
		const last = messages.at(-1);
		if (last?.role === "assistant") last.tool_calls = [...(last.tool_calls ?? []), call];
		else messages.push({ role: "assistant", content: null, tool_calls: [call] });
	}
}

function messageOf(one: z.output<typeof message>): Message {
	if (one.role === "system" || one.role === "developer") return { role: one.role, content: plain(one.content) };
	if (typeof one.content === "string") return { role: one.role, content: one.content };
	if (one.role === "assistant")
		return { role: "assistant", content: one.content.map((part) => ("text" in part ? { type: "text" as const, text: part.text } : part)) };
	return { role: "user", content: one.content.map(userPartOf) };
}

function userPartOf(part: z.output<typeof text> | z.output<typeof image>) {
	if ("text" in part) return { type: "text" as const, text: part.text };
	const { image_url: url, detail } = part;
	return { type: "image_url" as const, image_url: { url, ...(detail && { detail }) } };
}

function plain(content: z.output<typeof texts>) {
	return typeof content === "string" ? content : content.map((part) => ({ type: "text" as const, text: part.text }));
}

function toolOf({ type, ...described }: z.output<typeof tool>) {
	return {
		type,
		function: { ...Object.fromEntries(Object.entries(described).filter(([, value]) => value !== null)), name: described.name },
	};
}

function formatOf(asked: z.output<typeof format> | undefined): Pick<CompletionBody, "response_format"> {
	if (!asked || asked.type === "text") return {};
	if (asked.type === "json_object") return { response_format: { type: "json_object" } };
	const { type, ...schema } = asked;
	return { response_format: { type, json_schema: schema } };
}
