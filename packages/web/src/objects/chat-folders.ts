import type { Folder } from "../view/chat.ts";
import { defined, flag, Table, text } from "./table.ts";

const FOLDER = new Table<Folder>(
	"folder",
	{ id: defined(text, "TEXT PRIMARY KEY"), name: text, instructions: text },
	{ suffix: "WITHOUT ROWID" },
);

/** A chat that is in a folder, or was. */
interface Filed {
	id: string;
	/** Empty for a chat that has left its folder. */
	folder: string;
	/** Whether the chat does not know yet what its folder tells every model. */
	owes: boolean;
}

const FILED = new Table<Filed>("filed", { id: defined(text, "TEXT PRIMARY KEY"), folder: text, owes: flag }, { suffix: "WITHOUT ROWID" });

/**
 * The folders of a list of chats, and which chats are in them. A chat keeps a copy of its folder's instructions, so that no request has to read them
 * here: what a chat does not know yet, it is told. Without a folder there are no tables. All of it is synchronous.
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

	/** Makes a folder, or changes it. Its chats owe a change of its instructions. */
	write(folder: Folder): void {
		const before = this.folder(folder.id);
		if (!this.#exists()) this.#sql.exec(FOLDER.create + FILED.create);
		this.#isThere = true;
		FOLDER.write(this.#sql, folder);
		if (before && before.instructions !== folder.instructions) this.#sql.exec("UPDATE filed SET owes = 1 WHERE folder = ?", folder.id);
	}

	/** Deletes a folder. Its chats leave it. @returns whether it was there */
	remove(id: string): boolean {
		if (!this.folder(id)) return false;
		this.#sql.exec("UPDATE filed SET folder = '', owes = 1 WHERE folder = ?", id);
		this.#sql.exec("DELETE FROM folder WHERE id = ?", id);
		return true;
	}

	/** Puts a chat into a folder, and out of the one that it was in. Null: into none. */
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

	/** The folder of each chat that is in one. */
	filed(): Map<string, string> {
		return new Map(this.#exists() ? [...FILED.read(this.#sql, "WHERE folder <> ''")].map(({ id, folder }) => [id, folder]) : []);
	}

	/** Forgets a chat that is gone. */
	forget(id: string): void {
		if (this.#exists()) this.#sql.exec("DELETE FROM filed WHERE id = ?", id);
	}

	/** Chats that do not know the instructions of their folder yet, and these. */
	owing(max: number): { id: string; instructions: string }[] {
		if (!this.#exists()) return [];
		return [...FILED.read(this.#sql, "WHERE owes = 1 LIMIT ?", max)].map(({ id }) => ({ id, instructions: this.instructionsOf(id) }));
	}

	/** What the folder of a chat tells every model; "" for nothing, and without one. */
	instructionsOf(id: string): string {
		if (!this.#exists()) return "";
		const [folder] = FOLDER.read(this.#sql, "WHERE id = (SELECT folder FROM filed WHERE id = ?)", id);
		return folder?.instructions ?? "";
	}

	/** A chat knows these instructions now. They may have changed since. */
	told(id: string, instructions: string): void {
		if (this.instructionsOf(id) !== instructions) return;
		this.#sql.exec("DELETE FROM filed WHERE id = ? AND folder = ''", id);
		this.#sql.exec("UPDATE filed SET owes = 0 WHERE id = ?", id);
	}

	/** A condition on chats of the list: those in no folder, or with one placeholder those in a folder. */
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
