import type { Folder } from "../view/chat.ts";
import { defined, flag, Table, text } from "./table.ts";

const FOLDER = new Table<Folder>(
	"folder",
	{ id: defined(text, "TEXT PRIMARY KEY"), name: text, instructions: text },
	{ suffix: "WITHOUT ROWID" },
);

/** A chat that is, or was, in a folder. */
interface Filed {
	id: string;
	/** Empty for a chat that has left its folder. */
	folder: string;
	/** Whether the chat still has to receive its folder's instructions. */
	owes: boolean;
}

const FILED = new Table<Filed>("filed", { id: defined(text, "TEXT PRIMARY KEY"), folder: text, owes: flag }, { suffix: "WITHOUT ROWID" });

/**
 * The folders of a chat list, and which chats are in them. A chat keeps a copy of its folder's instructions, so that requests need not read them
 * here; changes are sent to the chats. Without a folder there are no tables. All of it is synchronous.
 */
export class ChatFolders {
	readonly #sql: SqlStorage;
	#isThere: boolean | undefined;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	all(): Folder[] {
		return this.#exists() ? [...FOLDER.read(this.#sql, "ORDER BY name COLLATE NOCASE, id")] : [];
	}

	folder(id: string): Folder | null {
		if (!this.#exists()) return null;
		const [folder] = FOLDER.read(this.#sql, "WHERE id = ?", id);
		return folder ?? null;
	}

	/** Creates or changes a folder. If its instructions change, they have to be sent to its chats. */
	write(folder: Folder): void {
		const before = this.folder(folder.id);
		if (!this.#exists()) this.#sql.exec(FOLDER.create + FILED.create);
		this.#isThere = true;
		FOLDER.write(this.#sql, folder);
		if (before && before.instructions !== folder.instructions) this.#sql.exec("UPDATE filed SET owes = 1 WHERE folder = ?", folder.id);
	}

	/** Deletes a folder. Its chats leave it. @returns whether it existed */
	remove(id: string): boolean {
		if (!this.folder(id)) return false;
		this.#sql.exec("UPDATE filed SET folder = '', owes = 1 WHERE folder = ?", id);
		this.#sql.exec("DELETE FROM folder WHERE id = ?", id);
		return true;
	}

	/** Moves a chat into a folder, out of its present one. Null: into none. */
	file(id: string, folder: string | null): void {
		if (!this.#exists()) return;
		const [before] = FILED.read(this.#sql, "WHERE id = ?", id);
		if ((before?.folder ?? "") === (folder ?? "")) return;
		FILED.write(this.#sql, { id, folder: folder ?? "", owes: true });
	}

	/** The folder of a chat; null for none. */
	folderOf(id: string): string | null {
		if (!this.#exists()) return null;
		const [filed] = FILED.read(this.#sql, "WHERE id = ? AND folder <> ''", id);
		return filed?.folder ?? null;
	}

	/** The folder of each chat that has one. */
	filed(): Map<string, string> {
		return new Map(this.#exists() ? [...FILED.read(this.#sql, "WHERE folder <> ''")].map(({ id, folder }) => [id, folder]) : []);
	}

	/** Forgets a deleted chat. */
	forget(id: string): void {
		if (this.#exists()) this.#sql.exec("DELETE FROM filed WHERE id = ?", id);
	}

	/** Chats that still have to receive their folder's instructions, with those instructions. */
	owing(max: number): { id: string; instructions: string }[] {
		if (!this.#exists()) return [];
		return [...FILED.read(this.#sql, "WHERE owes = 1 LIMIT ?", max)].map(({ id }) => ({ id, instructions: this.instructionsOf(id) }));
	}

	/** The instructions of a chat's folder; "" for none or without a folder. */
	instructionsOf(id: string): string {
		if (!this.#exists()) return "";
		const [folder] = FOLDER.read(this.#sql, "WHERE id = (SELECT folder FROM filed WHERE id = ?)", id);
		return folder?.instructions ?? "";
	}

	/** Records that a chat has received these instructions. They may have changed since. */
	told(id: string, instructions: string): void {
		if (this.instructionsOf(id) !== instructions) return;
		this.#sql.exec("DELETE FROM filed WHERE id = ? AND folder = ''", id);
		this.#sql.exec("UPDATE filed SET owes = 0 WHERE id = ?", id);
	}

	/** SQL condition on chats of the list: those in no folder, or with one placeholder those in a folder. */
	get inNone(): string {
		return this.#exists() ? "id NOT IN (SELECT id FROM filed WHERE folder <> '')" : "TRUE";
	}

	get inOne(): string {
		return this.#exists() ? "id IN (SELECT id FROM filed WHERE folder = ?)" : "? IS NULL";
	}

	#exists(): boolean {
		this.#isThere ||= FOLDER.exists(this.#sql);
		return this.#isThere;
	}
}
