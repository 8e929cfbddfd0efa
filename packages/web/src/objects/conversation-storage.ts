import type { Effort, Spent } from "@parley/metering";
import type { UsageHold } from "../lib/billing.ts";
import type { Searched } from "../lib/chat/search/answer-with-search.ts";
import type { AnswerState, ChatMessage, Failure, FilePart, Source } from "../view/chat.ts";
import type { AnswerPart } from "./answer-stream.ts";
import { defined, flag, instant, integer, isRecord, json, nullable, oneOf, Table, text } from "./table.ts";

/**
 * One attempt to answer a request, with its question: a node of the chat's tree (docs/decisions/0012). `running` while the model writes,
 * `ending` from deciding how it ends until the ledger has confirmed, then `ended`. A `running` row without a live answer in memory was
 * interrupted by a crash or deploy.
 */
export interface Turn {
	seq: number;
	/** The turn it follows; null for the first of a chat. */
	parent: number | null;
	requestId: string;
	/** The hold's attempt. An attempt starts at most once. */
	attempt: number;
	/** The first turn with the same parent, if this one is another version of it: a branch. */
	versionOf: number | null;
	/** The turn that stores the question, if this one answers it again. */
	asks: number | null;
	question: ChatMessage | null;
	/** Empty for a question of an older version whose answer was lost. */
	answerId: string;
	model: string;
	/** The terms the request was sold under; null for one of an older version. */
	sold: Sold | null;
	hold: UsageHold;
	phase: "running" | "ending" | "ended";
	end: AnswerState | null;
	counted: boolean | null;
	/** Whether the shown path may end here. By default it ends at the newest such turn. */
	shown: boolean;
	startedAtMs: number;
	/**
	 * Total tokens of the path before this turn, including its own once it has ended. Null if turns of an older version are
	 * not measured yet.
	 */
	tokens: number | null;
	/** Why the answer ended and what it took; null before that, after a crash, and in an older version. */
	told: Told | null;
	/** The answer's searches; null if there were none. */
	searched: Searched | null;
	/** How many stored pieces hold the start of the answer. Known once it ends. */
	pieces: number;
	/** The rest of the answer. Null if an older version deleted it. */
	rest: StoredPart[] | null;
}

/** Whether an attempt ended without being counted, so that its request may be tried again. */
export const isReleased = ({ phase, counted }: Turn): boolean => phase === "ended" && counted === false;

/** The terms a request was sold under. A retry costs the same. */
interface Sold {
	units: number;
	effort: Effort | null;
	/** The oldest message sent, if older ones were left out. */
	readFrom: string | null;
	/** Estimated input tokens. */
	input: number;
	/** The tokens of instructions among them. Absent for none, as in older versions. */
	instructions?: number;
}

/** Why an answer ended and what it took, as far as known. */
export interface Told {
	/** The answer was imported: nothing was counted here. */
	imported?: true;
	failure?: Failure;
	retryAfterS?: number;
	thoughtMs?: number;
	tookMs?: number;
	spent: Spent | null;
}

/** A part of an answer, or with `more` a continuation of the last part of its type. */
export type StoredPart = AnswerPart & { more?: boolean };

export interface Chat {
	id: string;
	/** The subject's key. */
	owner: string;
	title: string;
	deleted: boolean;
	/** Whether requests send the whole chat. */
	whole: boolean;
	/** The chat's instructions to every model. Absent for none. */
	instructions?: string;
	/** The folder's instructions. Absent for none, and without a folder. */
	folderInstructions?: string;
	/** Whether its messages are never stored. */
	temporary?: boolean;
	/** The viewer's choice of where the shown path ends. */
	choice?: Choice | null;
}

/** A turn where the shown path ends until a turn after `over` is shown. */
interface Choice {
	turn: number;
	over: number;
}

function isParts(value: unknown): value is StoredPart[] {
	const isPart = (part: unknown) => isRecord(part) && (part.type === "text" || part.type === "reasoning") && typeof part.text === "string";
	return Array.isArray(value) && value.every(isPart);
}

function isFilePart(value: unknown): value is FilePart {
	if (!isRecord(value) || value.type !== "file") return false;
	const { url, mediaType, filename, providerMetadata } = value;
	const { parley } = isRecord(providerMetadata) ? providerMetadata : {};
	const areTexts = [url, mediaType, filename].every((one) => typeof one === "string");
	return areTexts && isRecord(parley) && Number.isSafeInteger(parley.bytes) && Number.isSafeInteger(parley.tokens);
}

function isQuestion(value: unknown): value is ChatMessage {
	if (!isRecord(value) || typeof value.id !== "string" || value.role !== "user" || !Array.isArray(value.parts)) return false;
	return isParts(value.parts.filter((part) => !isFilePart(part)));
}

function isHold(value: unknown): value is UsageHold {
	const isEntry = (entry: unknown) => isRecord(entry) && typeof entry.ledger === "string" && typeof entry.id === "string";
	if (!isRecord(value) || typeof value.requestId !== "string" || !Number.isSafeInteger(value.attempt)) return false;
	return Array.isArray(value.takenFrom) && value.takenFrom.every(isEntry);
}

function isSold(value: unknown): value is Sold {
	return isRecord(value) && Number.isSafeInteger(value.units) && Number.isSafeInteger(value.input);
}

function isChoice(value: unknown): value is Choice {
	return isRecord(value) && Number.isSafeInteger(value.turn) && Number.isSafeInteger(value.over);
}

function isSearched(value: unknown): value is Searched {
	const areNumbers = isRecord(value) && [value.count, value.units, value.input].every(Number.isSafeInteger);
	const isSource = (one: unknown) => isRecord(one) && typeof one.url === "string" && typeof one.title === "string";
	return areNumbers && Array.isArray(value.sources) && value.sources.every(isSource);
}

function isTold(value: unknown): value is Told {
	return isRecord(value) && (value.spent === null || isRecord(value.spent));
}

export const HOLD = json("a hold", isHold);
export const PARTS = json("the parts of an answer", isParts);
export const END = oneOf("complete", "length", "filtered", "stopped", "failed", "interrupted");

const CHAT = new Table<Chat & { only: number }>("chat", {
	only: defined(integer, "INTEGER PRIMARY KEY CHECK (only = 1)"),
	id: text,
	owner: text,
	title: text,
	deleted: flag,
	whole: defined(flag, "INTEGER NOT NULL DEFAULT 0"),
	instructions: defined(text, "TEXT NOT NULL DEFAULT ''"),
	folderInstructions: defined(text, "TEXT NOT NULL DEFAULT ''"),
	temporary: defined(flag, "INTEGER NOT NULL DEFAULT 0"),
	choice: nullable(json("where the path ends", isChoice)),
});

const TURN = new Table<Turn>(
	"turn",
	{
		seq: defined(integer, "INTEGER PRIMARY KEY"),
		parent: nullable(integer),
		versionOf: nullable(integer),
		requestId: text,
		attempt: integer,
		asks: nullable(integer),
		question: nullable(json("a question", isQuestion)),
		answerId: text,
		model: text,
		sold: nullable(json("what a request was sold as", isSold)),
		hold: HOLD,
		phase: oneOf("running", "ending", "ended"),
		end: nullable(END),
		told: nullable(json("why an answer ended", isTold)),
		counted: nullable(flag),
		shown: flag,
		startedAtMs: instant,
		tokens: nullable(integer),
		searched: nullable(json("what was searched", isSearched)),
		pieces: integer,
		rest: nullable(PARTS),
	},
	{ names: { end: "outcome" } },
);
/** Written once per turn: no later change of a turn touches it. */
const BY_REQUEST = "CREATE INDEX turn_by_request ON turn (request_id);";
/** Contains only branches, so that any other turn writes no extra row. */
const BY_VERSION = "CREATE INDEX turn_by_version ON turn (version_of) WHERE version_of IS NOT NULL;";
/** Fills `versionOf` for turns of a version without it. Negative numbers are requests without an answer. */
const FIND_VERSIONS = `
	UPDATE turn SET version_of = first.seq
	FROM (SELECT parent, min(seq) AS seq FROM turn WHERE seq > 0 GROUP BY parent HAVING count(*) > 1) AS first
	WHERE turn.parent IS first.parent AND turn.seq > first.seq;`;

const PIECE = new Table<{ turn: number; place: number; parts: StoredPart[] }>(
	"piece",
	{ turn: integer, place: integer, parts: PARTS },
	{ suffix: "WITHOUT ROWID", key: ["turn", "place"] },
);

/** Stops that arrived before their requests. */
const STOP = new Table<{ requestId: string; owner: string; atMs: number }>(
	"stop",
	{ requestId: defined(text, "TEXT PRIMARY KEY"), owner: text, atMs: instant },
	{ suffix: "WITHOUT ROWID" },
);

/** The most turns of a path read at once. */
const PATH_STEP_MAX = 16;

type StoredTable = Pick<Table<object>, "exists" | "addMissingColumns" | "create">;

/** The rows of one chat. Tables are created on first write, so reading a nonexistent chat stores nothing. All of it is synchronous. */
export class ConversationStorage {
	readonly #sql: SqlStorage;
	readonly #existing = new Set<object>();
	/** Cached, because each path reads it; undefined until first read. */
	#choice: Choice | null | undefined;
	/** The last answer of a temporary chat, which is stored nowhere else. */
	#unwritten: { turn: number; parts: StoredPart[]; sources: Source[] } | null = null;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	chat(): Chat | null {
		if (!this.#exists(CHAT)) return null;
		return CHAT.first(this.#sql) ?? null;
	}

	writeChat({ id, owner, title, deleted, whole, instructions = "", folderInstructions = "", temporary = false, choice }: Chat): void {
		this.#create(CHAT);
		CHAT.write(this.#sql, { only: 1, id, owner, title, deleted, whole, instructions, folderInstructions, temporary, choice });
		this.#choice = choice ?? null;
	}

	/** The chat, for its owner; null for anyone else, and once it is deleted. */
	ownedBy(owner: string): Chat | null {
		const chat = this.chat();
		return chat && !chat.deleted && chat.owner === owner ? chat : null;
	}

	/** The owner's chat, if it is kept: a temporary one has nothing to show, to change or to take along. */
	keptFor(owner: string): Chat | null {
		const chat = this.ownedBy(owner);
		return chat?.temporary ? null : chat;
	}

	/** The newest turn. No other can be open. */
	newest(): Turn | null {
		return this.#turn("ORDER BY seq DESC LIMIT 1");
	}

	/** The last turn of the shown path: the newest shown turn, or the viewer's choice if that is newer. */
	shown(): Turn | null {
		const newest = this.#turn("WHERE shown = 1 ORDER BY seq DESC LIMIT 1");
		if (this.#choice === undefined) this.#choice = this.chat()?.choice ?? null;
		const choice = this.#choice;
		return (choice && (newest === null || newest.seq <= choice.over) && this.turn(choice.turn)) || newest;
	}

	/** Ends the shown path at a turn. */
	choose({ seq }: Turn): void {
		const chat = this.chat();
		if (chat) this.writeChat({ ...chat, choice: { turn: seq, over: this.newest()?.seq ?? seq } });
	}

	/** The turns with the same parent, oldest first. */
	versions({ seq, versionOf }: Turn): Turn[] {
		if (!this.#exists(TURN)) return [];
		const branches = [...TURN.read(this.#sql, "WHERE version_of = ? ORDER BY seq", versionOf ?? seq)];
		const first = this.turn(versionOf ?? seq);
		return first ? [first, ...branches] : branches;
	}

	/** The newest shown turn among `turns` and those below them; null if none is shown. Reads the numbers of all later turns. */
	newestBelow(turns: readonly Turn[]): Turn | null {
		const below = new Set(turns.map(({ seq }) => seq));
		let newest: number | null = null;
		const later = "SELECT seq, parent, shown FROM turn WHERE seq >= ? ORDER BY seq";
		for (const { seq, parent, shown } of this.#sql.exec<{ seq: number; parent: number | null; shown: number }>(later, Math.min(...below))) {
			if (parent !== null && below.has(parent)) below.add(seq);
			if (shown && below.has(seq)) newest = seq;
		}
		return newest === null ? null : this.turn(newest);
	}

	oldest(): Turn | null {
		return this.#turn("ORDER BY seq LIMIT 1");
	}

	/** The turns after a given one, oldest first; without one, all. Each is read when it is reached. */
	*turnsAfter(seq = Number.MIN_SAFE_INTEGER): Generator<Turn, void> {
		for (let at = this.#turn("WHERE seq > ? ORDER BY seq LIMIT 1", seq); at; at = this.#turn("WHERE seq > ? ORDER BY seq LIMIT 1", at.seq))
			yield at;
	}

	turn(seq: number): Turn | null {
		return this.#turn("WHERE seq = ?", seq);
	}

	/** The latest attempt at a request. */
	ofRequest(requestId: string): Turn | null {
		return this.#turn("WHERE request_id = ? ORDER BY seq DESC LIMIT 1", requestId);
	}

	/** The turns of a path, newest first. Read on demand: beyond the last, at most as many again and 16 more are read. */
	*path(from: number | null): Generator<Turn, void> {
		if (!this.#exists(TURN)) return;
		let next = from;
		for (let amount = 1; next !== null; amount = Math.min(2 * amount, PATH_STEP_MAX)) {
			const wanted: number = next;
			// A turn usually follows the one started before it. Turns in between belong to branches.
			for (const turn of [...TURN.read(this.#sql, "WHERE seq <= ? ORDER BY seq DESC LIMIT ?", wanted, amount)]) {
				if (turn.seq !== next) continue;
				yield this.#whole(turn);
				next = turn.parent;
			}
			if (next === wanted) return;
		}
	}

	/** The turn of an answer. Our own ids contain the turn's number; an id of an older version is searched on the shown path. */
	ofAnswer(answerId: string): Turn | null {
		const turn = this.turn(Number(/-(\d+)$/.exec(answerId)?.[1] ?? Number.NaN));
		if (turn?.answerId === answerId) return turn;
		for (const one of this.path(this.shown()?.seq ?? null)) if (one.answerId === answerId) return one;
		return null;
	}

	question(turn: Pick<Turn, "asks" | "question">): ChatMessage | null {
		return turn.question ?? (turn.asks === null ? null : (this.turn(turn.asks)?.question ?? null));
	}

	/** The text of an answer so far. */
	parts({ seq, phase, pieces, rest }: Turn): AnswerPart[] {
		const stored: StoredPart[] = [];
		if ((pieces > 0 || phase === "running") && this.#exists(PIECE))
			for (const piece of PIECE.read(this.#sql, "WHERE turn = ? ORDER BY place", seq)) stored.push(...piece.parts);
		return joined([...stored, ...(rest ?? [])]);
	}

	/** Inserts a turn. For a temporary chat only what counting needs: neither the question nor, later, the answer. */
	insert(turn: Turn): void {
		if (!this.#exists(TURN)) this.#create(TURN, BY_REQUEST + BY_VERSION);
		const isTemporary = this.chat()?.temporary;
		if (isTemporary) this.#unwritten = { turn: turn.seq, parts: [], sources: [] };
		TURN.write(this.#sql, isTemporary ? { ...turn, question: null, rest: null } : turn);
	}

	/** Appends text to a running answer. Stores nothing for a deleted chat. */
	append(turn: number, place: number, parts: StoredPart[]): void {
		const chat = this.chat();
		if (chat?.deleted) return;
		if (chat?.temporary) return void this.#unwritten?.parts.push(...parts);
		this.#create(PIECE);
		PIECE.write(this.#sql, { turn, place, parts });
	}

	/** Stores a running answer's searches. Stores no sources for a deleted chat. */
	writeSearched({ seq }: Turn, searched: Searched): void {
		const chat = this.chat();
		if (chat?.temporary && this.#unwritten) this.#unwritten.sources = searched.sources;
		const kept = chat?.deleted || chat?.temporary ? { ...searched, sources: [] } : searched;
		this.#sql.exec("UPDATE turn SET searched = ? WHERE seq = ?", JSON.stringify(kept), seq);
	}

	/** Stores how an answer ends, before its ledger is told. */
	end({ seq }: Turn, end: AnswerState, pieces: number, rest: StoredPart[], told: Told | null = null): void {
		const chat = this.chat();
		if (chat?.temporary && !chat.deleted) this.#unwritten?.parts.push(...rest);
		const kept = chat?.temporary ? null : JSON.stringify(chat?.deleted ? [] : rest);
		const bindings = [end, chat?.temporary ? 0 : pieces, kept, told && JSON.stringify(told), seq];
		this.#sql.exec("UPDATE turn SET phase = 'ending', outcome = ?, pieces = ?, rest = ?, told = ? WHERE seq = ?", ...bindings);
	}

	/** Stores the ledger's confirmation. `tokens`: of the path including the answer. */
	close({ seq }: Turn, counted: boolean, shown: boolean, tokens: number | null): void {
		const bindings = [Number(counted), Number(shown), tokens, seq];
		this.#sql.exec("UPDATE turn SET phase = 'ended', counted = ?, shown = ?, tokens = ? WHERE seq = ?", ...bindings);
	}

	writeTokens({ seq }: Turn, tokens: number): void {
		this.#sql.exec("UPDATE turn SET tokens = ? WHERE seq = ?", tokens, seq);
	}

	/** How many pieces a running answer has. */
	countPieces({ seq }: Turn): number {
		if (!this.#exists(PIECE)) return 0;
		return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM piece WHERE turn = ?", seq).one().n;
	}

	/** Deletes all text. The newest turn stays without text: its run may be open until its ledger confirms, and records when it began. */
	deleteText(): void {
		this.#unwritten = null;
		if (this.#exists(PIECE)) this.#sql.exec("DELETE FROM piece");
		if (!this.#exists(TURN)) return;
		this.#sql.exec("DELETE FROM turn WHERE seq < (SELECT max(seq) FROM turn)");
		this.#sql.exec("UPDATE turn SET question = NULL, searched = NULL, rest = '[]', pieces = 0");
	}

	/** Whether an earlier answer was counted or imported. */
	hasAnsweredBefore({ seq }: Turn): boolean {
		return this.#sql.exec("SELECT 1 FROM turn WHERE (counted = 1 OR request_id = '') AND seq < ? LIMIT 1", seq).toArray().length > 0;
	}

	/** Stores a stop for a request that has not arrived yet. At most `max` are kept. */
	keepStop(requestId: string, owner: string, atMs: number, max: number): void {
		this.#create(STOP);
		STOP.write(this.#sql, { requestId, owner, atMs });
		this.#sql.exec("DELETE FROM stop WHERE request_id NOT IN (SELECT request_id FROM stop ORDER BY at_ms DESC LIMIT ?)", max);
	}

	/** Takes the stop stored for a request. @returns whether there was one */
	takeStop(requestId: string, owner: string): boolean {
		if (!this.#exists(STOP)) return false;
		const found = STOP.first(this.#sql, "WHERE request_id = ? AND owner = ?", requestId, owner) !== undefined;
		if (found) this.#sql.exec("DELETE FROM stop WHERE request_id = ?", requestId);
		return found;
	}

	/** Deletes stops stored before an instant. @returns when the oldest remaining one was stored; null without any */
	dropStops(beforeMs: number): number | null {
		if (!this.#exists(STOP)) return null;
		this.#sql.exec("DELETE FROM stop WHERE at_ms < ?", beforeMs);
		return STOP.first(this.#sql, "ORDER BY at_ms LIMIT 1")?.atMs ?? null;
	}

	#turn(clauses: string, ...bindings: SqlStorageValue[]): Turn | null {
		if (!this.#exists(TURN)) return null;
		const turn = TURN.first(this.#sql, clauses, ...bindings);
		return turn ? this.#whole(turn) : null;
	}

	/** Adds a temporary chat's answer to its turn while it is in memory. */
	#whole(turn: Turn): Turn {
		if (this.#unwritten?.turn !== turn.seq) return turn;
		const { parts, sources } = this.#unwritten;
		return { ...turn, rest: parts, searched: turn.searched && { ...turn.searched, sources } };
	}

	/** Adds missing columns to a table of an older version when it is first used. */
	#exists(table: StoredTable): boolean {
		if (!this.#existing.has(table) && table.exists(this.#sql)) {
			if (table.addMissingColumns(this.#sql).includes("version_of")) this.#sql.exec(FIND_VERSIONS + BY_VERSION);
			this.#existing.add(table);
		}
		return this.#existing.has(table);
	}

	#create(table: StoredTable, index = ""): void {
		if (this.#exists(table)) return;
		this.#sql.exec(`${table.create}\n${index}`);
		this.#existing.add(table);
	}
}

/** Joins the stored pieces of an answer into its original parts. */
function joined(stored: StoredPart[]): AnswerPart[] {
	const parts: AnswerPart[] = [];
	for (const { type, text, more } of stored) {
		const last = more && parts.findLast((part) => part.type === type);
		if (last) last.text += text;
		else parts.push({ type, text });
	}
	return parts;
}
