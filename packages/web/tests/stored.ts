import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { env } from "cloudflare:workers";
import type { RequestRow } from "@parley/metering";
import { ConversationStorage } from "../src/objects/conversation-storage.ts";
import { LedgerStorage } from "../src/objects/ledger-storage.ts";
import { LEDGER, type Notes, REQUEST } from "../src/objects/ledger-tables.ts";
import type { ChatMessage } from "../src/view/chat.ts";

// Reads and changes the objects' stored rows through their own storage classes, so that no test depends on columns.

type Ledger = ReturnType<typeof env.USAGE_LEDGER.getByName>;
type Conversation = ReturnType<typeof env.CONVERSATION.getByName>;

function inStorage<T>(ledger: Ledger, use: (stored: LedgerStorage, sql: SqlStorage) => T): Promise<T> {
	return runInDurableObject(ledger, (_, { storage }) => use(new LedgerStorage(storage), storage.sql));
}

/** The latest version of every request in a ledger's storage. */
export function allRequests(stored: LedgerStorage): RequestRow[] {
	const { live } = stored.sums;
	return [...live.values(), ...stored.finalAfter("", 10_000).filter(({ id }) => !live.has(id))];
}

/** The requests of a ledger. */
export function requestsOf(ledger: Ledger): Promise<RequestRow[]> {
	return inStorage(ledger, allRequests);
}

/** The pools whose old requests are folded. */
export function checkpointsOf(ledger: Ledger) {
	return inStorage(ledger, (_, sql) => sql.exec("SELECT * FROM checkpoint").toArray());
}

export function notesOf(ledger: Ledger): Promise<Notes> {
	return inStorage(ledger, ({ notes }) => notes);
}

/** Changes a ledger's requests on disk, then wakes it from there. If it has tables, it sums its rows anew, like a ledger of an older version. */
export async function rewriteRequests(ledger: Ledger, change: (row: RequestRow) => Partial<RequestRow>): Promise<void> {
	await inStorage(ledger, (stored, sql) => {
		const rows = allRequests(stored);
		if (!LEDGER.exists(sql)) {
			for (const row of rows) stored.writeRow(stored.key ?? "", { ...row, ...change(row) });
			return;
		}
		if (!REQUEST.exists(sql)) sql.exec(REQUEST.create);
		for (const row of rows) REQUEST.write(sql, { ...row, ...change(row) });
		sql.exec("DELETE FROM live; DROP TABLE IF EXISTS sums; DROP TABLE IF EXISTS daily; UPDATE ledger SET kept = NULL");
	});
	await evictDurableObject(ledger);
}

/** Changes what a ledger stores besides its requests, then wakes it from there. */
export async function rewriteNotes(ledger: Ledger, change: (notes: Notes) => Notes): Promise<void> {
	await inStorage(ledger, (stored) => stored.writeNotes(stored.key ?? "", change(stored.notes)));
	await evictDurableObject(ledger);
}

/** A message's text without reasoning. */
export { textOf } from "../src/lib/chat/history.ts";

/** The messages of a chat's shown path, in order, as its owner sees them: at most 50. */
export async function messagesOf(conversation: Conversation): Promise<ChatMessage[]> {
	const owner = await runInDurableObject(conversation, (_, { storage }) => new ConversationStorage(storage.sql).chat()?.owner);
	return (await conversation.view(owner ?? ""))?.messages ?? [];
}
