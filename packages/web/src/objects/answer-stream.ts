import type { UIMessageChunk } from "ai";
import { t } from "../text/text.ts";
import type { AnswerMetadata, Source, SourcePart, TextPart } from "../view/chat.ts";
import { Broadcast } from "./broadcast.ts";

export type AnswerPart = TextPart;

/** One answer as an AI SDK UI message stream. Sends each chunk to all readers in the same turn (docs/decisions/0009). */
export class AnswerStream {
	readonly #parts: AnswerPart[] = [];
	#sources = 0;
	readonly #broadcast = new Broadcast();

	/** `asked`: metadata known before the first output. */
	constructor(answerId: string, asked: AnswerMetadata) {
		this.#send({ type: "start", messageId: answerId, messageMetadata: asked });
	}

	/** The parts so far; the last of each type is still growing. */
	get parts(): readonly AnswerPart[] {
		return this.#parts;
	}

	get readers(): number {
		return this.#broadcast.readers;
	}

	/** A stream for another reader, from the beginning of the answer. `onLeft` is called once, when the reader is gone. */
	join(onLeft?: () => void): ReadableStream<Uint8Array> {
		return this.#broadcast.join(onLeft);
	}

	/** Starts a new part, even after one of the same type. */
	open(type: AnswerPart["type"]): void {
		this.#parts.push({ type, text: "" });
		this.#send({ type: `${type}-start`, id: String(this.#parts.length - 1) });
	}

	/**
	 * Extends the last part of this type, or starts one. Both stay open until the end, so that reasoning between two pieces of text
	 * does not split the text.
	 */
	append(type: AnswerPart["type"], delta: string): void {
		if (!this.#parts.some((part) => part.type === type)) this.open(type);
		const at = this.#parts.findLastIndex((part) => part.type === type);
		const part = this.#parts[at];
		if (part) part.text += delta;
		this.#send({ type: `${type}-delta`, id: String(at), delta });
	}

	/** Sends the new ones of `sources`, which are all the sources of the answer. */
	cite(sources: readonly Source[]): void {
		for (const part of sourceParts(sources).slice(this.#sources)) this.#send(part);
		this.#sources = sources.length;
	}

	/** Sends metadata known before the answer's end. */
	tell(metadata: AnswerMetadata): void {
		this.#send({ type: "message-metadata", messageMetadata: metadata });
	}

	/** Sends the final chunks: `finish`, `abort` or `error`, by the answer's state. The stream must still be closed. */
	end(metadata: AnswerMetadata): void {
		for (const [at, { type }] of this.#parts.entries()) this.#send({ type: `${type}-end`, id: String(at) });
		if (metadata.state === "failed" || metadata.state === "interrupted") {
			this.#send({ type: "message-metadata", messageMetadata: metadata });
			this.#send({ type: "error", errorText: metadata.counted ? t("end_failed") : t("end_failed_free") });
		} else if (metadata.state === "stopped") {
			this.#send({ type: "message-metadata", messageMetadata: metadata });
			this.#send({ type: "abort" });
		} else {
			this.#send({ type: "finish", messageMetadata: metadata });
		}
		this.#sendEvent("[DONE]");
	}

	/** Ends every reader's stream. Without a preceding `end`, readers see an answer that was cut off. */
	close(): void {
		this.#broadcast.close();
	}

	#send(chunk: UIMessageChunk<AnswerMetadata>): void {
		this.#sendEvent(JSON.stringify(chunk));
	}

	#sendEvent(data: string): void {
		this.#broadcast.send(`data: ${data}\n\n`);
	}
}

/** Converts sources to message parts with their numbers. */
export const sourceParts = (sources: readonly Source[]): SourcePart[] =>
	sources.map(({ url, title }, at) => ({ type: "source-url", sourceId: String(at + 1), url, title }));

/** A stored answer as a complete stream, one delta per part. */
export function replayAnswer(
	answerId: string,
	parts: readonly AnswerPart[],
	metadata: AnswerMetadata,
	sources: readonly Source[] = [],
): AnswerStream {
	const { model, units, effort, readFrom } = metadata;
	const answer = new AnswerStream(answerId, { model, units, effort, readFrom });
	for (const { type, text } of parts) {
		answer.open(type);
		answer.append(type, text);
	}
	answer.cite(sources);
	answer.end(metadata);
	answer.close();
	return answer;
}

/** Whether an answer has visible text. Reasoning and white space do not count. */
export function hasWords(parts: readonly AnswerPart[]): boolean {
	return parts.some(({ type, text }) => type === "text" && text.trim() !== "");
}

/** Length of an answer in UTF-16 code units, including reasoning. */
export function charsOf(parts: readonly AnswerPart[]): number {
	return parts.reduce((sum, part) => sum + part.text.length, 0);
}
