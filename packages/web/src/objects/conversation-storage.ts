import type { UsageHold } from "../lib/billing.ts";
import type { AnswerMetadata, AnswerState, ChatMessage } from "../view/chat.ts";
import type { AnswerPart } from "./answer-stream.ts";
import { defined, flag, instant, integer, isRecord, json, nullable, oneOf, Table, text } from "./table.ts";

/**
 * The latest attempt to answer a request: `running` while the model writes, `ending` from the decision how it ends until its ledger has
 * confirmed, then `ended`. `refused` never began, because another answer was being written. A `running` row without a live answer in memory
 * was cut off by a crash or a deploy.
 */
export interface Run {
	requestId: string;
	/** The hold's attempt. One that has begun or was refused never begins again. */
	attempt: number;
	answerId: string;
	model: string;
	hold: UsageHold;
	phase: "running" | "ending" | "ended" | "refused";
	end: AnswerState | null;
	counted: boolean | null;
	startedAtMs: number;
}

export interface Chat {
	id: string;
	/** The subject's key. */
	owner: string;
	title: string;
	deleted: boolean;
}

/** `seq` is the order of the chat; SQLite assigns it. */
type StoredMessage = Required<ChatMessage> & { seq: number | null };

function isParts(value: unknown): value is AnswerPart[] {
	const isPart = (part: unknown) => isRecord(part) && (part.type === "text" || part.type === "reasoning") && typeof part.text === "string";
	return Array.isArray(value) && value.every(isPart);
}

function isHold(value: unknown): value is UsageHold {
	const isEntry = (entry: unknown) => isRecord(entry) && typeof entry.ledger === "string" && typeof entry.id === "string";
	if (!isRecord(value) || typeof value.requestId !== "string" || !Number.isSafeInteger(value.attempt)) return false;
	return Array.isArray(value.takenFrom) && value.takenFrom.every(isEntry);
}

const CHAT = new Table<Chat & { only: number }>("chat", {
	only: defined(integer, "INTEGER PRIMARY KEY CHECK (only = 1)"),
	id: text,
	owner: text,
	title: text,
	deleted: flag,
});

const MESSAGE = new Table<StoredMessage>("message", {
	seq: defined(integer, "INTEGER PRIMARY KEY"),
	id: text,
	role: oneOf("user", "assistant"),
	parts: json("the parts of a message", isParts),
	metadata: json("the metadata of a message", (value): value is AnswerMetadata => isRecord(value)),
});

const RUN = new Table<Run>(
	"run",
	{
		requestId: defined(text, "TEXT PRIMARY KEY"),
		attempt: integer,
		answerId: text,
		model: text,
		hold: json("a hold", isHold),
		phase: oneOf("running", "ending", "ended", "refused"),
		end: nullable(oneOf("complete", "length", "filtered", "stopped", "failed", "interrupted")),
		counted: nullable(flag),
		startedAtMs: instant,
	},
	{ suffix: "WITHOUT ROWID", names: { end: "outcome" } },
);

/** The rows of one chat. Tables are created with the chat, so reading one that does not exist stores nothing. All of it is synchronous. */
export class ConversationStorage {
	readonly #sql: SqlStorage;
	#exists: boolean;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		this.#exists = CHAT.exists(sql);
	}

	chat(): Chat | null {
		if (!this.#exists) return null;
		const [chat] = CHAT.read(this.#sql);
		return chat ?? null;
	}

	writeChat({ id, owner, title, deleted }: Chat): void {
		if (!this.#exists) this.#sql.exec([CHAT, MESSAGE, RUN].map((table) => table.create).join("\n"));
		this.#exists = true;
		CHAT.write(this.#sql, { only: 1, id, owner, title, deleted });
	}

	/** In the order of the chat. */
	messages(): ChatMessage[] {
		if (!this.#exists) return [];
		return [...MESSAGE.read(this.#sql, "ORDER BY seq")].map(toMessage);
	}

	message(id: string): ChatMessage | null {
		if (!this.#exists) return null;
		const [message] = MESSAGE.read(this.#sql, "WHERE id = ?", id);
		return message ? toMessage(message) : null;
	}

	hasAnswer(id: string): boolean {
		return this.message(id)?.role === "assistant";
	}

	append(message: ChatMessage): void {
		MESSAGE.write(this.#sql, { metadata: {}, ...message, seq: null });
	}

	update(id: string, parts: readonly AnswerPart[], metadata: AnswerMetadata): void {
		this.#sql.exec("UPDATE message SET parts = ?, metadata = ? WHERE id = ?", JSON.stringify(parts), JSON.stringify(metadata), id);
	}

	/** Deletes a message and everything after it. */
	truncateFrom(id: string): void {
		this.#sql.exec("DELETE FROM message WHERE seq >= (SELECT seq FROM message WHERE id = ?)", id);
	}

	/** Deletes a message and everything after it except `kept`, the answer that replaces it. */
	truncateBetween(id: string, kept: string): void {
		this.#sql.exec("DELETE FROM message WHERE seq >= (SELECT seq FROM message WHERE id = ?) AND id <> ?", id, kept);
	}

	run(requestId: string): Run | null {
		if (!this.#exists) return null;
		const [run] = RUN.read(this.#sql, "WHERE request_id = ?", requestId);
		return run ?? null;
	}

	/** The runs that have not ended: at most one, unless a crash left one behind. */
	openRuns(): Run[] {
		return this.#exists ? [...RUN.read(this.#sql, "WHERE phase IN ('running', 'ending')")] : [];
	}

	/** When the newest run began, epoch milliseconds; 0 without any. */
	newestRunMs(): number {
		if (!this.#exists) return 0;
		return Number(this.#sql.exec("SELECT max(started_at_ms) AS at FROM run").one().at ?? 0);
	}

	writeRun(run: Run): void {
		RUN.write(this.#sql, run);
	}

	/** Deletes the messages. The owner and the runs stay: a request that was answered is never answered again. */
	deleteMessages(): void {
		this.#sql.exec("DELETE FROM message");
	}
}

function toMessage({ seq: _, ...message }: StoredMessage): ChatMessage {
	return message;
}
