import { choiceOf, type Fields, isFields } from "./choice.ts";
import { refusalOf, textOf } from "./content.ts";
import { errorIn, failureOf, statusIn, UpstreamFailure } from "./failure.ts";
import { type Finish, finishOf } from "./finish.ts";
import { reasoningOf } from "./reasoning.ts";
import type { WireEvent } from "./sse.ts";
import { beginsInside, ThinkTags, type Words } from "./think-tags.ts";
import { type ToolCall, ToolCalls } from "./tool-calls.ts";
import { type Usage, usageOf } from "./usage.ts";
import { WholeCharacters } from "./whole-characters.ts";

/** The limit for the arguments of one API call. */
const LONG_CALL_CHARS_MAX = 300_000;

/** Assembles an answer from its events: applies the rules of this folder to each, and keeps the state they share. */
export class WireAnswer {
	readonly #host: string;
	readonly #tags: ThinkTags;
	readonly #text = new WholeCharacters();
	readonly #reasoning = new WholeCharacters();
	#finish: Finish | null = null;
	#isDone = false;
	#hasText = false;
	#hasReasoning = false;
	#hasChoice = false;
	#isRefused = false;
	#usage: Usage | null = null;
	#keepsReasoning = false;
	readonly #calls: ToolCalls | null;

	/** `hasTools`: whether the model was offered tools; otherwise its calls are ignored. `isLong`: whether a call may be as long as an answer. */
	constructor(host: string, model: string, hasTools = false, isLong = false) {
		this.#host = host;
		this.#calls = hasTools ? new ToolCalls(isLong ? LONG_CALL_CHARS_MAX : undefined) : null;
		this.#tags = new ThinkTags(beginsInside(model));
	}

	/** Whether any text or reasoning has arrived. */
	get hasOutput(): boolean {
		return this.#hasText || this.#hasReasoning;
	}

	/** Whether the model has ended its answer. Usage may follow, or late text of providers that send a finish reason in every chunk. */
	get isFinished(): boolean {
		return this.#isDone || this.#finish !== null;
	}

	/** Whether the provider announced that nothing more follows. */
	get isOver(): boolean {
		return this.#isDone;
	}

	get usage(): Usage | null {
		return this.#usage;
	}

	/** The tools called by the model. */
	get calls(): ToolCall[] {
		return this.#calls?.calls ?? [];
	}

	/** Whether reasoning arrived in the field that its provider requires back with a tool call. Other providers refuse that field. */
	get keepsReasoning(): boolean {
		return this.#keepsReasoning;
	}

	/** @throws {UpstreamFailure} for an error inside the stream or an unreadable event */
	read({ type, data }: WireEvent): Words {
		if (data.trim() === "[DONE]") this.#isDone = true;
		const chunk = this.#parse(type, data);
		if (!chunk) return { text: "", reasoning: "" };
		const error = errorIn(chunk, type);
		// A complete answer stays complete, whatever follows it.
		if (error !== null && !this.isFinished) throw failureOf(this.#host, statusIn(error), error);
		return this.#readChunk(chunk);
	}

	/** Returns the buffered text. */
	flush(): Words {
		const words = this.#tags.read(this.#text.end());
		const rest = this.#tags.end();
		const reasoning = words.reasoning + rest.reasoning + this.#reasoning.end();
		return this.#kept({ text: words.text + rest.text, reasoning });
	}

	/**
	 * Why the answer ended, as OpenAI's finish reason.
	 * @param isWhole whether the body ended as a JSON answer does
	 * @throws {UpstreamFailure} if it failed or was cut off
	 */
	finish(isWhole: boolean): "stop" | "length" | "content_filter" | "tool_calls" {
		if (this.#finish === "failure") throw this.#failed("failed", "ended with a failure");
		if (!this.isFinished && !isWhole) throw this.#failed("interrupted", "cut off the answer");
		if (!this.#hasChoice) throw this.#failed("failed", "sent no answer");
		if (this.#isRefused) return "content_filter";
		if (this.#finish === "length" || this.#finish === "content_filter") return this.#finish;
		return this.calls.length > 0 ? "tool_calls" : "stop";
	}

	#parse(type: string, data: string): Fields | null {
		try {
			const value: unknown = JSON.parse(data);
			return isFields(value) ? value : null;
		} catch {
			if (this.isFinished) return null;
			if (type === "error") throw failureOf(this.#host, 0, data);
			if (data.trimStart().startsWith("{")) throw this.#failed("interrupted", "sent a broken chunk");
			return null;
		}
	}

	#readChunk(chunk: Fields): Words {
		const { delta, finish } = choiceOf(chunk);
		const refusal = refusalOf(delta);
		const content = textOf(delta);
		const meaning = finishOf(finish);
		const usage = usageOf(chunk);
		const reasoning = this.#reasoning.read(reasoningOf(delta));
		this.#keepsReasoning ||= typeof delta.reasoning_content === "string" && delta.reasoning_content !== "";
		this.#calls?.read(delta);
		if (this.#calls?.isTooLong) throw this.#failed("failed", "called tools without an end");
		this.#isRefused ||= refusal !== "";
		this.#hasChoice ||= content !== "" || Array.isArray(chunk.choices);
		if (meaning !== null) this.#finish = meaning;
		if (usage) this.#usage = usage;
		// A model with a separate reasoning field puts none in its text.
		const held = reasoning && !this.#hasText ? this.#tags.end() : { text: "", reasoning: "" };
		const words = this.#tags.read(this.#text.read(content + refusal));
		return this.#kept({ text: held.text + words.text, reasoning: reasoning + held.reasoning + words.reasoning });
	}

	#kept(words: Words): Words {
		this.#hasText ||= words.text.trim() !== "";
		this.#hasReasoning ||= words.reasoning !== "";
		return words;
	}

	#failed(failure: "failed" | "interrupted", what: string): UpstreamFailure {
		return new UpstreamFailure(failure, `${this.#host} ${what}`, { elsewhere: true });
	}
}
