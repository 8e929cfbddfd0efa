import type { UsageHold } from "../lib/billing.ts";
import type { AnswerMetadata, AnswerState, ChatMessage } from "../view/chat.ts";

/**
 * The latest attempt to answer a request. `running` while the model writes; `ending` once it is decided how it ends, until the ledger knows;
 * then `ended`. `refused` was never begun, because another answer was being written. A run that is `running` without a live answer in memory
 * was cut off by a crash or a deploy.
 */
export interface Run {
	requestId: string;
	/** Of the hold: an attempt that has been begun or refused is never begun again. */
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
	owner: string;
	title: string;
	deleted: boolean;
}

// The messages are the chat's own order (seq); a regenerated or edited message takes all behind it away.
const SCHEMA = `
	CREATE TABLE chat (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL, owner TEXT NOT NULL, title TEXT NOT NULL, deleted INTEGER NOT NULL);
	CREATE TABLE message (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL, metadata TEXT NOT NULL);
	CREATE TABLE run (
		request_id TEXT PRIMARY KEY, attempt INTEGER NOT NULL, answer_id TEXT NOT NULL, model TEXT NOT NULL, hold TEXT NOT NULL, phase TEXT NOT NULL,
		outcome TEXT, counted INTEGER, started_at_ms INTEGER NOT NULL
	) WITHOUT ROWID;
`;

type RunColumns = {
	request_id: string;
	attempt: number;
	answer_id: string;
	model: string;
	hold: string;
	phase: Run["phase"];
	outcome: AnswerState | null;
	counted: number | null;
	started_at_ms: number;
};

/** The rows of one chat. A chat that does not exist stores nothing, however often it is asked for. All of it is synchronous. */
export class ConversationStorage {
	readonly #sql: SqlStorage;
	#exists: boolean;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		this.#exists = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'chat'").toArray().length > 0;
	}

	chat(): Chat | null {
		if (!this.#exists) return null;
		const [row] = this.#sql.exec<{ id: string; owner: string; title: string; deleted: number }>("SELECT * FROM chat").toArray();
		return row ? { id: row.id, owner: row.owner, title: row.title, deleted: row.deleted === 1 } : null;
	}

	writeChat(chat: Chat): void {
		if (!this.#exists) this.#sql.exec(SCHEMA);
		this.#exists = true;
		const { id, owner, title, deleted } = chat;
		this.#sql.exec("INSERT OR REPLACE INTO chat VALUES (1, ?, ?, ?, ?)", id, owner, title, deleted ? 1 : 0);
	}

	messages(): ChatMessage[] {
		if (!this.#exists) return [];
		return this.#sql
			.exec<MessageColumns>("SELECT id, role, parts, metadata FROM message ORDER BY seq")
			.toArray()
			.map((row) => ({ id: row.id, role: row.role, parts: JSON.parse(row.parts), metadata: JSON.parse(row.metadata) }));
	}

	message(id: string): ChatMessage | null {
		return this.messages().find((message) => message.id === id) ?? null;
	}

	hasAnswer(id: string): boolean {
		return this.#exists && this.#sql.exec("SELECT 1 FROM message WHERE id = ? AND role = 'assistant'", id).toArray().length > 0;
	}

	append(message: ChatMessage): void {
		const { id, role, parts, metadata } = message;
		this.#sql.exec(
			"INSERT INTO message (id, role, parts, metadata) VALUES (?, ?, ?, ?)",
			id,
			role,
			JSON.stringify(parts),
			JSON.stringify(metadata ?? {}),
		);
	}

	update(id: string, parts: readonly ChatMessage["parts"][number][], metadata: AnswerMetadata): void {
		this.#sql.exec("UPDATE message SET parts = ?, metadata = ? WHERE id = ?", JSON.stringify(parts), JSON.stringify(metadata), id);
	}

	/** Takes a message and all behind it away. */
	truncateFrom(id: string): void {
		this.#sql.exec("DELETE FROM message WHERE seq >= (SELECT seq FROM message WHERE id = ?)", id);
	}

	/** Takes a message and all behind it away, but for one: the answer that comes in its place. */
	truncateBetween(id: string, kept: string): void {
		this.#sql.exec("DELETE FROM message WHERE seq >= (SELECT seq FROM message WHERE id = ?) AND id <> ?", id, kept);
	}

	run(requestId: string): Run | null {
		if (!this.#exists) return null;
		const [row] = this.#sql.exec<RunColumns>("SELECT * FROM run WHERE request_id = ?", requestId).toArray();
		return row ? fromColumns(row) : null;
	}

	/** The runs that have not ended: at most one, but for a crash between two of them. */
	openRuns(): Run[] {
		if (!this.#exists) return [];
		return this.#sql.exec<RunColumns>("SELECT * FROM run WHERE phase IN ('running', 'ending')").toArray().map(fromColumns);
	}

	writeRun(run: Run): void {
		this.#sql.exec(
			"INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			run.requestId,
			run.attempt,
			run.answerId,
			run.model,
			JSON.stringify(run.hold),
			run.phase,
			run.end,
			run.counted === null ? null : Number(run.counted),
			run.startedAtMs,
		);
	}

	/** Forgets what was said, and keeps who owned the chat and which requests it has answered: those stay counted, and are never answered again. */
	deleteMessages(): void {
		this.#sql.exec("DELETE FROM message");
	}
}

type MessageColumns = { id: string; role: ChatMessage["role"]; parts: string; metadata: string };

function fromColumns(row: RunColumns): Run {
	return {
		requestId: row.request_id,
		attempt: row.attempt,
		answerId: row.answer_id,
		model: row.model,
		hold: JSON.parse(row.hold),
		phase: row.phase,
		end: row.outcome,
		counted: row.counted === null ? null : row.counted === 1,
		startedAtMs: row.started_at_ms,
	};
}
