import type { ResponseBody } from "../../lib/chat/api/response-request.ts";
import type { CallPart } from "../../objects/api-call.ts";
import type { failureOf } from "./-call.ts";

type Done = Extract<CallPart, { type: "done" }>;
type Kind = "message" | "reasoning";
interface TextItem {
	id: string;
	type: Kind;
	status: "in_progress" | "completed" | "incomplete";
	content: { type: "output_text" | "reasoning_text"; text: string; [more: string]: unknown }[];
}
interface CallItem {
	id: string;
	type: "function_call";
	status: "completed";
	call_id: string;
	name: string;
	arguments: string;
}
interface ResponseEvent {
	type: string;
	sequence_number: number;
	[field: string]: unknown;
}

/** Writes one answer in the format of OpenAI's Responses API: as events while it is generated, and whole at its end. */
export class ResponseWriter {
	readonly #head: object;
	readonly #id: string;
	readonly #output: (TextItem | CallItem)[] = [];
	#text: TextItem | null = null;
	#sequence = 0;

	constructor(requestId: string, body: ResponseBody) {
		this.#id = requestId;
		this.#head = headOf(requestId, body);
	}

	begin(): ResponseEvent[] {
		const response = this.#response({ status: "in_progress" });
		return [this.#event("response.created", { response }), this.#event("response.in_progress", { response })];
	}

	take(part: Exclude<CallPart, Done>): ResponseEvent[] {
		if (part.type === "call") return [...this.#endText("completed"), ...this.#call(part.call)];
		return part.type === "text" ? this.#write("message", part.delta) : this.#write("reasoning", part.delta);
	}

	/** The final event, and the whole response it contains. @param failed the problem of a failed answer */
	end({ end, usage }: Done, failed: ReturnType<typeof failureOf>): { events: ResponseEvent[]; response: object } {
		const reason = end === "length" ? "max_output_tokens" : end === "filtered" ? "content_filter" : null;
		const status = failed ? "failed" : reason ? "incomplete" : "completed";
		const closing = this.#endText(status === "completed" ? "completed" : "incomplete");
		const response = this.#response({
			status,
			...(reason && { incomplete_details: { reason } }),
			...(failed && { error: { code: failed.code === "model-busy" ? "rate_limit_exceeded" : "server_error", message: failed.detail } }),
			usage: {
				input_tokens: usage.input,
				input_tokens_details: { cached_tokens: usage.cached },
				output_tokens: usage.output,
				output_tokens_details: { reasoning_tokens: usage.reasoning },
				total_tokens: usage.input + usage.output,
			},
		});
		return { events: [...closing, this.#event(`response.${status}`, { response })], response };
	}

	#write(kind: Kind, delta: string): ResponseEvent[] {
		const events = this.#text?.type === kind ? [] : [...this.#endText("completed"), ...this.#beginText(kind)];
		const [content] = this.#text?.content ?? [];
		if (content) content.text += delta;
		return [...events, this.#event(`response.${NAMES[kind]}.delta`, { ...this.#at(0), delta, ...logprobs(kind) })];
	}

	#beginText(kind: Kind): ResponseEvent[] {
		const id = this.#itemId(kind === "message" ? "msg" : "rs");
		const more = kind === "message" ? { role: "assistant" } : { summary: [] };
		const begun: TextItem = { id, type: kind, status: "in_progress", ...more, content: [] };
		const added = this.#event("response.output_item.added", { output_index: this.#output.length, item: { ...begun, content: [] } });
		this.#output.push(begun);
		this.#text = begun;
		begun.content.push(
			kind === "message" ? { type: "output_text", text: "", annotations: [], logprobs: [] } : { type: "reasoning_text", text: "" },
		);
		return [added, this.#event("response.content_part.added", { ...this.#at(0), part: { ...begun.content[0] } })];
	}

	#endText(status: "completed" | "incomplete"): ResponseEvent[] {
		const ended = this.#text;
		if (!ended) return [];
		ended.status = status;
		const [part] = ended.content;
		const events = [
			this.#event(`response.${NAMES[ended.type]}.done`, { ...this.#at(0), text: part?.text, ...logprobs(ended.type) }),
			this.#event("response.content_part.done", { ...this.#at(0), part }),
			this.#event("response.output_item.done", { output_index: this.#output.length - 1, item: ended }),
		];
		this.#text = null;
		return events;
	}

	#call({ id: call_id, name, input }: Extract<CallPart, { type: "call" }>["call"]): ResponseEvent[] {
		const item: CallItem = { id: this.#itemId("fc"), type: "function_call", status: "completed", call_id, name, arguments: input };
		const at = { item_id: item.id, output_index: this.#output.length };
		this.#output.push(item);
		return [
			this.#event("response.output_item.added", { output_index: at.output_index, item: { ...item, status: "in_progress", arguments: "" } }),
			this.#event("response.function_call_arguments.delta", { ...at, delta: input }),
			this.#event("response.function_call_arguments.done", { ...at, name, arguments: input }),
			this.#event("response.output_item.done", { output_index: at.output_index, item }),
		];
	}

	#itemId(prefix: string): string {
		return `${prefix}_${this.#id}_${this.#output.length}`;
	}

	#at(content_index: number) {
		return { item_id: this.#text?.id, output_index: this.#output.length - 1, content_index };
	}

	#response(fields: object) {
		return { ...this.#head, output: [...this.#output], ...fields };
	}

	#event(type: string, fields: object): ResponseEvent {
		this.#sequence += 1;
		return { type, sequence_number: this.#sequence - 1, ...fields };
	}
}

const NAMES = { message: "output_text", reasoning: "reasoning_text" };
const logprobs = (kind: Kind) => (kind === "message" ? { logprobs: [] } : {});

function headOf(requestId: string, body: ResponseBody): object {
	return {
		...{ id: `resp_${requestId}`, object: "response", created_at: Math.floor(Date.now() / 1000), background: false },
		...{
			error: null,
			incomplete_details: null,
			instructions: body.instructions ?? null,
			max_output_tokens: body.max_output_tokens ?? null,
		},
		...{ model: body.model, parallel_tool_calls: body.parallel_tool_calls ?? true, previous_response_id: null, store: false },
		reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
		...{ temperature: body.temperature ?? null, top_p: body.top_p ?? null, truncation: "disabled", metadata: {}, user: null },
		text: { format: body.text?.format ?? { type: "text" } },
		...{ tools: body.tools ?? [], tool_choice: body.tool_choice ?? "auto", usage: null },
	};
}
