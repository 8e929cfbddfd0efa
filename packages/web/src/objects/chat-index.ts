import { trigramsOf } from "./passage.ts";
import { defined, integer, isRecord, json, Table } from "./table.ts";

/** Characters of a chat's text, in UTF-16 code units: a part of a document of the index. */
export interface Slice {
	id: string;
	from: number;
	to: number;
}

const isSlice = (value: unknown): value is Slice =>
	isRecord(value) && typeof value.id === "string" && Number.isSafeInteger(value.from) && Number.isSafeInteger(value.to);

/** What the documents of a batch are. */
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
 * Which documents have a trigram, and nothing else: the texts are in the rows of the chats. Without positions and in large pages, because a page is a
 * row written.
 */
const TRIGRAM = `
	CREATE VIRTUAL TABLE trigram USING fts5(text, content='', columnsize=0, detail=none, tokenize='trigram');
	INSERT INTO trigram (trigram, rank) VALUES ('pgsz', 32768);`;

/** Documents of a batch. A document's number is that of its batch times this, and its place there. */
const DOCUMENTS_MAX = 1024;
/** A document takes chats until it has so many characters: each document is a row written. */
const DOCUMENT_CHARS = 16_000;
/** A query needs no more: what it finds is read anyway. */
const TRIGRAMS_ASKED = 24;
/** Pages that one step of a merge writes at most, about. */
const MERGED_PAGES = 256;

/**
 * Full-text index over the chats of one list (SQLite FTS5). It answers which chats may have a word; their texts decide. Texts only grow, and each
 * batch of additions is a few rows.
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

	/** The chats that may have a word in what is indexed of them; null for a word that is too short to tell. */
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

	/** Indexes parts of texts, as many as a batch takes. Call it in a transaction: one batch is one segment of the index. */
	add(slices: readonly Slice[], textOf: TextOf): void {
		if (!this.#exists()) this.#create();
		const [newest] = this.#sql.exec<{ batch: number | null }>("SELECT max(batch) AS batch FROM batch");
		const batch = (newest?.batch ?? 0) + 1;
		const documents = inDocuments(slices).slice(0, DOCUMENTS_MAX);
		for (const [n, document] of documents.entries()) this.#insert(batch * DOCUMENTS_MAX + n, document, textOf);
		BATCH.write(this.#sql, { batch, documents });
	}

	/** Forgets a chat whose text is still there. @returns whether anything was indexed of it */
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

	/** One step of rewriting the index into one segment, from which deleted documents are gone. @returns whether that is done */
	merge(isFirst: boolean): boolean {
		if (!this.#exists()) return true;
		const before = this.#changes();
		this.#sql.exec("INSERT INTO trigram (trigram, rank) VALUES ('merge', ?)", isFirst ? -MERGED_PAGES : MERGED_PAGES);
		// SQLite: fewer than two changes say that nothing is left to merge.
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

/** The text of a chat in the list. */
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
