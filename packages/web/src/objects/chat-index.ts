import { trigramsOf } from "./passage.ts";
import { defined, integer, isRecord, json, Table } from "./table.ts";

/** A range of a chat's text, in UTF-16 code units: part of one index document. */
export interface Slice {
	id: string;
	from: number;
	to: number;
}

const isSlice = (value: unknown): value is Slice =>
	isRecord(value) && typeof value.id === "string" && Number.isSafeInteger(value.from) && Number.isSafeInteger(value.to);

/** The documents of one batch. */
interface Batch {
	batch: number;
	documents: Slice[][];
}

const BATCH = new Table<Batch>("batch", {
	batch: defined(integer, "INTEGER PRIMARY KEY"),
	documents: json(
		"documents",
		(value): value is Slice[][] => Array.isArray(value) && value.every((one) => Array.isArray(one) && one.every(isSlice)),
	),
});

/*
 * Records only which documents contain a trigram: the texts are in the rows of the chats. Without positions and in large pages, because each page is a
 * written row.
 */
const TRIGRAM = `
	CREATE VIRTUAL TABLE trigram USING fts5(text, content='', columnsize=0, detail=none, tokenize='trigram');
	INSERT INTO trigram (trigram, rank) VALUES ('pgsz', 32768);`;

/** Documents per batch. A document's number is its batch's times this, plus its position. */
const DOCUMENTS_MAX = 1024;
/** Chats are added to a document until it has this many characters, because each document is a written row. */
const DOCUMENT_CHARS = 16_000;
/** More trigrams than this do not help a query, because matching texts are read anyway. */
const TRIGRAMS_ASKED = 24;
/** Approximate maximum of pages written by one merge step. */
const MERGED_PAGES = 256;

/**
 * Full-text index over the chats of one list (SQLite FTS5). It tells which chats may contain a word; their texts decide. Texts only grow, and each
 * batch of additions takes a few rows.
 */
export class ChatIndex {
	readonly #sql: SqlStorage;
	#isThere: boolean | undefined;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** How many characters of each chat's text are indexed. */
	lengths(): Map<string, number> {
		const lengths = new Map<string, number>();
		for (const { documents } of this.#batches()) for (const { id, to } of documents.flat()) lengths.set(id, to);
		return lengths;
	}

	/** The chats whose indexed text may contain a word; null for a word too short to tell. */
	mayHave(word: string): Set<string> | null {
		const trigrams = trigramsOf(word).slice(0, TRIGRAMS_ASKED);
		if (trigrams.length === 0) return null;
		const chats = new Set<string>();
		if (!this.#exists()) return chats;
		const query = trigrams.map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(" AND ");
		const batches = new Map<number, Slice[][]>();
		for (const { batch, documents } of this.#batches()) batches.set(batch, documents);
		for (const { rowid } of this.#sql.exec<{ rowid: number }>("SELECT rowid FROM trigram WHERE trigram MATCH ?", query)) {
			const document = batches.get(Math.floor(rowid / DOCUMENTS_MAX))?.[rowid % DOCUMENTS_MAX];
			for (const { id } of document ?? []) chats.add(id);
		}
		return chats;
	}

	/** Indexes parts of texts, as many as fit in a batch. Call it in a transaction: one batch is one segment of the index. */
	add(slices: readonly Slice[], textOf: TextOf): void {
		if (!this.#exists()) this.#create();
		const [newest] = this.#sql.exec<{ batch: number | null }>("SELECT max(batch) AS batch FROM batch");
		const batch = (newest?.batch ?? 0) + 1;
		const documents = inDocuments(slices).slice(0, DOCUMENTS_MAX);
		for (const [n, document] of documents.entries()) this.#insert(batch * DOCUMENTS_MAX + n, document, textOf);
		BATCH.write(this.#sql, { batch, documents });
	}

	/** Removes a chat whose text still exists. @returns whether any of it was indexed */
	remove(id: string, textOf: TextOf): boolean {
		let wasIndexed = false;
		for (const { batch, documents } of this.#batches()) {
			if (!documents.flat().some((slice) => slice.id === id)) continue;
			wasIndexed = true;
			const kept = documents.map((document) => document.filter((slice) => slice.id !== id));
			for (const [n, document] of documents.entries()) {
				if (kept[n]?.length === document.length) continue;
				const rowid = batch * DOCUMENTS_MAX + n;
				const text = textIn(document, textOf);
				this.#sql.exec("INSERT INTO trigram (trigram, rowid, text) VALUES ('delete', ?, ?)", rowid, text);
				if (kept[n]?.length) this.#insert(rowid, kept[n], textOf);
			}
			if (kept.flat().length > 0) BATCH.write(this.#sql, { batch, documents: kept });
			else this.#sql.exec("DELETE FROM batch WHERE batch = ?", batch);
		}
		return wasIndexed;
	}

	#insert(rowid: number, document: readonly Slice[], textOf: TextOf): void {
		this.#sql.exec("INSERT INTO trigram (rowid, text) VALUES (?, ?)", rowid, textIn(document, textOf));
	}

	/** One step of rewriting the index into a single segment without deleted documents. @returns whether it is done */
	merge(isFirst: boolean): boolean {
		if (!this.#exists()) return true;
		const before = this.#changes();
		this.#sql.exec("INSERT INTO trigram (trigram, rank) VALUES ('merge', ?)", isFirst ? -MERGED_PAGES : MERGED_PAGES);
		// In SQLite, fewer than two changes mean that nothing is left to merge.
		return this.#changes() - before < 2;
	}

	#changes(): number {
		return this.#sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
	}

	#batches(): Batch[] {
		return this.#exists() ? [...BATCH.read(this.#sql, "ORDER BY batch")] : [];
	}

	#exists(): boolean {
		this.#isThere ||= BATCH.exists(this.#sql);
		return this.#isThere;
	}

	#create(): void {
		this.#sql.exec(BATCH.create + TRIGRAM);
		this.#isThere = true;
	}
}

/** Returns the text of a chat in the list. */
type TextOf = (id: string) => string;

const textIn = (document: readonly Slice[], textOf: TextOf) => document.map(({ id, from, to }) => textOf(id).slice(from, to)).join(" ");

function inDocuments(slices: readonly Slice[]): Slice[][] {
	const documents: Slice[][] = [];
	let chars = DOCUMENT_CHARS;
	for (const slice of slices) {
		if (chars >= DOCUMENT_CHARS) {
			documents.push([]);
			chars = 0;
		}
		documents.at(-1)?.push(slice);
		chars += slice.to - slice.from;
	}
	return documents;
}
