import { BodyReader } from "./body.ts";
import { failureOf, UpstreamFailure } from "./failure.ts";
import { refusedField, refusedFieldsOf, withoutFields } from "./refused-fields.ts";
import { Silence, within } from "./silence.ts";
import type { Words } from "./think-tags.ts";
import type { ToolCall } from "./tool-calls.ts";
import type { Usage } from "./usage.ts";
import { WireAnswer } from "./wire-answer.ts";

/** How long an upstream may be silent before its first output (headers included), and between chunks after it. Comments count as activity. */
export interface Patience {
	firstMs: number;
	nextMs: number;
}

export interface Wire {
	/** The host, for the log. */
	host: string;
	model: string;
	patience: Patience;
	/** Sends the request; the platform's `fetch`, except for a binding. */
	send: (url: string, init: RequestInit) => Promise<Response>;
	/** Whether this is an API body: its tools are never dropped, and its calls may be long. */
	isPassed?: boolean;
	/** Called before the end of an answer whose reasoning must go back to the provider with a tool call. */
	onKeptReasoning?: () => void;
}

/** An answer is complete after its finish reason. This is how long usage data may still follow. */
const AFTER_FINISH_MS = 2_000;
const REDIRECTS_MAX = 3;
/** OpenRouter answers 404 if no provider of a model supports tools. */
const REFUSES_FIELDS: ReadonlySet<number> = new Set([400, 404, 422]);
/** Longer than any event of a real answer. */
const HELD_CHARS_MAX = 16_000_000;
/** A refusal's body is read up to this length. */
const REFUSAL_CHARS_MAX = 8_192;
const REFUSAL_MS = 5_000;
/** Longer than any answer may be. */
const DELTA_CHARS_MAX = 300_001;

/**
 * A `fetch` for the AI SDK that passes it only clean chunks, whatever the provider sends (docs/decisions/0014).
 * @returns a function that throws {@link UpstreamFailure}; so does reading the body of its response
 */
export function tolerantFetch(wire: Wire): typeof fetch {
	return async (input, init) => {
		const leave = new AbortController();
		const stopped = init?.signal;
		const signal = stopped ? AbortSignal.any([stopped, leave.signal]) : leave.signal;
		try {
			const body = await accepted(wire, String(input), { ...init, signal, redirect: "manual" });
			const answer = new WireAnswer(wire.host, wire.model, hasTools(String(init?.body)), wire.isPassed);
			return new Response(streamOf(cleaned(wire, answer, body, leave, stopped ?? null), leave), {
				headers: { "content-type": "text/event-stream" },
			});
		} catch (error) {
			leave.abort();
			throw stopped?.aborted ? stopped.reason : asFailure(wire, error, "could not be reached");
		}
	};
}

function hasTools(body: string): boolean {
	const { tools, functions } = JSON.parse(body);
	return tools !== undefined || functions !== undefined;
}

/** Returns the body of a successful response. If the provider refuses one of our fields by name, the request is repeated without it. */
async function accepted(wire: Wire, url: string, init: RequestInit): Promise<ReadableStream<Uint8Array> | null> {
	const known = refusedFieldsOf(wire.host, wire.model);
	const refused = wire.isPassed ? new Set([...known].filter((field) => field !== "tools")) : known;
	const asked = JSON.parse(String(init.body));
	for (;;) {
		const body = withoutFields(asked, refused);
		const response = await within(wire.patience.firstMs, follow(wire, url, { ...init, body: JSON.stringify(body) }));
		if (response.ok) return response.body;
		const said = await within(REFUSAL_MS, beginningOf(response)).catch(() => "");
		const field = REFUSES_FIELDS.has(response.status) ? refusedField(said, body, refused) : null;
		if (field === null || (field === "tools" && wire.isPassed)) throw failureOf(wire.host, response.status, parsed(said), response.headers);
		refused.add(field);
		known.add(field);
	}
}

/** Follows redirects to the same origin that keep method and body. Any other would disclose key and chat, or lose them. */
async function follow(wire: Wire, url: string, init: RequestInit, left = REDIRECTS_MAX): Promise<Response> {
	const response = await wire.send(url, init);
	if (response.status < 300 || response.status >= 400) return response;
	await response.body?.cancel();
	const to = URL.parse(response.headers.get("location") ?? "", url);
	const isSame = to !== null && to.origin === new URL(url).origin && (response.status === 307 || response.status === 308);
	if (isSame && left > 0) return follow(wire, to.href, init, left - 1);
	throw new UpstreamFailure("unavailable", `${wire.host} answered ${response.status}, which is not followed`, { elsewhere: true });
}

/** The content of a refusal: JSON, or the text of a page. */
function parsed(said: string): unknown {
	try {
		return JSON.parse(said);
	} catch {
		return said;
	}
}

async function beginningOf({ body }: Response): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	for await (const bytes of body ?? []) {
		text += decoder.decode(bytes, { stream: true });
		if (text.length > REFUSAL_CHARS_MAX) break;
	}
	return text;
}

/** Converts a body into clean chunks: text as it arrives, then whole tool calls, then one finish reason with the usage. */
async function* cleaned(
	wire: Wire,
	answer: WireAnswer,
	body: ReadableStream<Uint8Array> | null,
	leave: AbortController,
	stopped: AbortSignal | null,
): AsyncGenerator<string, void> {
	const source = new BodyReader();
	const reader = body?.getReader();
	const decoder = new TextDecoder();
	const { firstMs, nextMs } = wire.patience;
	let failed: unknown = null;
	let finishedAtMs = Number.POSITIVE_INFINITY;
	try {
		while (reader && !answer.isOver) {
			const patienceMs = answer.hasOutput ? nextMs : firstMs;
			const { done, value } = await within(Math.min(patienceMs, finishedAtMs + AFTER_FINISH_MS - Date.now()), reader.read());
			const words = wordsOf(answer, done ? source.end() : source.read(decoder.decode(value, { stream: true })));
			if (words.text || words.reasoning) yield deltaOf(words);
			if (words.failed) throw words.failed;
			if (source.isPage) throw new UpstreamFailure("unavailable", `${wire.host} answered with a page`, { elsewhere: true });
			if (source.held > HELD_CHARS_MAX)
				throw new UpstreamFailure("failed", `${wire.host} sent an event without an end`, { elsewhere: true });
			if (done) break;
			if (answer.isFinished) finishedAtMs = Math.min(finishedAtMs, Date.now());
		}
	} catch (error) {
		// A complete answer stays complete, however its connection ends.
		if (!answer.isFinished) failed = error;
	} finally {
		void reader?.cancel().catch(() => {});
		leave.abort();
	}
	if (failed !== null && stopped?.aborted) throw stopped.reason;
	const rest = answer.flush();
	if (rest.text || rest.reasoning) yield deltaOf(rest);
	if (failed !== null) throw asFailure(wire, failed, "broke off");
	const finish = answer.finish(source.isJson);
	if (answer.keepsReasoning) wire.onKeptReasoning?.();
	if (finish === "tool_calls") yield callsOf(answer.calls);
	yield endOf(finish, answer.usage);
}

/** The text of events that arrived together, including any before a failure. */
function wordsOf(answer: WireAnswer, events: ReturnType<BodyReader["read"]>): Words & { failed?: unknown } {
	let [text, reasoning] = ["", ""];
	for (const event of events) {
		try {
			const words = answer.read(event);
			text += words.text;
			reasoning += words.reasoning;
		} catch (failed) {
			return { text, reasoning, failed };
		}
	}
	return { text, reasoning };
}

function deltaOf({ text, reasoning }: Words): string {
	const delta = {
		...(reasoning && { reasoning_content: reasoning.slice(0, DELTA_CHARS_MAX) }),
		...(text && { content: text.slice(0, DELTA_CHARS_MAX) }),
	};
	return eventOf({ choices: [{ index: 0, delta }] });
}

function callsOf(calls: readonly ToolCall[]): string {
	const tool_calls = calls.map(({ id, name, input, extra }, index) => {
		return { index, id, type: "function", function: { name, arguments: input }, ...(extra && { extra_content: extra }) };
	});
	return eventOf({ choices: [{ index: 0, delta: { tool_calls } }] });
}

function endOf(finish_reason: string, usage: Usage | null): string {
	const reported = usage && {
		prompt_tokens: usage.input,
		prompt_tokens_details: { cached_tokens: usage.cached },
		completion_tokens: usage.output,
		completion_tokens_details: { reasoning_tokens: usage.reasoning },
	};
	return `${eventOf({ choices: [{ index: 0, delta: {}, finish_reason }], ...(reported && { usage: reported }) })}data: [DONE]\n\n`;
}

const eventOf = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;

function streamOf(chunks: AsyncGenerator<string, void>, leave: AbortController): ReadableStream<Uint8Array> {
	const encoder = new TextEncoder();
	return new ReadableStream({
		async pull(controller) {
			const { done, value } = await chunks.next();
			if (done) controller.close();
			else controller.enqueue(encoder.encode(value));
		},
		cancel: () => {
			leave.abort();
			// If no read is in progress, only this releases the body.
			void chunks.return().catch(() => {});
		},
	});
}

/**
 * Converts any network error for the SDK and its caller. A lost connection falls through to the next upstream. A timeout does not, because it has
 * already used too much time.
 */
function asFailure({ host }: Wire, error: unknown, what: string): UpstreamFailure {
	if (error instanceof UpstreamFailure) return error;
	if (error instanceof Silence) return new UpstreamFailure("failed", `${host} was silent for too long`, { elsewhere: false });
	const failure = new UpstreamFailure(what === "broke off" ? "interrupted" : "failed", `${host} ${what}`, { elsewhere: true });
	failure.cause = error;
	return failure;
}
