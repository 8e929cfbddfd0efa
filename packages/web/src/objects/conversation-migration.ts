import type { UsageHold } from "../lib/billing.ts";
import type { AnswerMetadata, AnswerState, ChatMessage } from "../view/chat.ts";
import { type ConversationStorage, END, HOLD, PARTS, type StoredPart, type Turn } from "./conversation-storage.ts";
import { defined, flag, instant, integer, isRecord, json, nullable, oneOf, Table, text } from "./table.ts";

/** Rows moved per step. An answer has up to 300,000 characters. */
const STEP_ROWS = 40;

interface OldMessage {
	seq: number;
	id: string;
	role: "user" | "assistant";
	parts: StoredPart[];
	metadata: AnswerMetadata;
}

interface OldRun {
	requestId: string;
	attempt: number;
	answerId: string;
	model: string;
	hold: UsageHold;
	phase: "running" | "ending" | "ended" | "refused";
	end: AnswerState | null;
	counted: boolean | null;
	startedAtMs: number;
}

const MESSAGE = new Table<OldMessage>("message", {
	seq: defined(integer, "INTEGER PRIMARY KEY"),
	id: text,
	role: oneOf("user", "assistant"),
	parts: PARTS,
	metadata: json("the metadata of a message", (value): value is AnswerMetadata => isRecord(value)),
});

const RUN = new Table<OldRun>(
	"run",
	{
		requestId: text,
		attempt: integer,
		answerId: text,
		model: text,
		hold: HOLD,
		phase: oneOf("running", "ending", "ended", "refused"),
		end: nullable(END),
		counted: nullable(flag),
		startedAtMs: instant,
	},
	{ names: { end: "outcome" } },
);

/** Whether a chat still has rows of the version before turns (docs/decisions/0012), which stored messages as a list. */
export function isOld(sql: SqlStorage): boolean {
	return MESSAGE.exists(sql);
}

/** Moves up to 40 old rows into turns, in one transaction. Call it until `isOld` is false. */
export function migrateSome(sql: SqlStorage, stored: ConversationStorage): void {
	sql.exec("CREATE INDEX IF NOT EXISTS run_by_answer ON run (answer_id)");
	const messages = [...MESSAGE.read(sql, "ORDER BY seq LIMIT ?", STEP_ROWS)];
	// A question must stay with its answer, which may be the first row of the next step.
	if (messages.length === STEP_ROWS && messages.at(-1)?.role === "user") messages.pop();
	const runs = messages.length > 0 ? [] : [...RUN.read(sql, "LIMIT ?", STEP_ROWS)];
	if (messages.length > 0) moveMessages(sql, stored, messages);
	else if (runs.length > 0) moveRuns(sql, stored, runs);
	else sql.exec("DROP TABLE message; DROP TABLE run;");
}

/** Converts the list of messages to a path, each question with the answer that follows it. */
function moveMessages(sql: SqlStorage, stored: ConversationStorage, messages: OldMessage[]): void {
	let parent = stored.shown()?.seq ?? null;
	for (const [at, message] of messages.entries()) {
		const next = messages[at + 1];
		if (message.role === "user" && next?.role === "assistant") continue;
		const before = messages[at - 1];
		const asked = message.role === "user" ? message : before?.role === "user" ? before : null;
		const question: ChatMessage | null = asked && { id: asked.id, role: "user", parts: asked.parts };
		const answer = message.role === "assistant" ? message : null;
		stored.insert({ ...turnOf(sql, answer), seq: message.seq, parent, question, shown: true });
		parent = message.seq;
	}
	sql.exec("DELETE FROM message WHERE seq <= ?", parent);
}

function turnOf(sql: SqlStorage, answer: OldMessage | null): Turn {
	const [run] = answer ? RUN.read(sql, "WHERE answer_id = ?", answer.id) : [];
	if (run) sql.exec("DELETE FROM run WHERE request_id = ?", run.requestId);
	const { model = "", state = null, counted = null } = answer?.metadata ?? {};
	const unknown: OldRun = { ...NO_RUN, answerId: answer?.id ?? "", model, end: state, counted };
	return { ...toTurn(run ?? unknown), rest: answer?.parts ?? [] };
}

/** Runs whose answers were replaced: their requests stay answered. A refused one had never begun. */
function moveRuns(sql: SqlStorage, stored: ConversationStorage, runs: OldRun[]): void {
	for (const run of runs) {
		if (run.phase !== "refused") stored.insert({ ...toTurn(run), seq: Math.min(stored.oldest()?.seq ?? 0, 0) - 1 });
		sql.exec("DELETE FROM run WHERE request_id = ?", run.requestId);
	}
}

const NO_RUN = {
	requestId: "",
	attempt: 0,
	hold: { requestId: "", attempt: 0, takenFrom: [] },
	phase: "ended" as const,
	startedAtMs: 0,
};

function toTurn({ phase, ...run }: OldRun): Turn {
	const open = phase === "refused" ? "ended" : phase;
	return {
		...run,
		phase: open,
		seq: 0,
		parent: null,
		versionOf: null,
		asks: null,
		question: null,
		shown: false,
		sold: null,
		told: null,
		tokens: null,
		searched: null,
		pieces: 0,
		rest: null,
	};
}
