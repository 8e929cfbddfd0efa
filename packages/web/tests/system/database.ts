import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Runs a statement in the local D1 of a state folder, and returns its rows. */
export function inDatabase(statePath: string, sql: string): unknown[] {
	// Vite does not bundle node:sqlite from a static import.
	const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
	const folder = join(statePath, "v3/d1/miniflare-D1DatabaseObject");
	const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? "";
	const database = new DatabaseSync(join(folder, file));
	database.exec("PRAGMA busy_timeout = 5000");
	const rows = database.prepare(sql).all();
	database.close();
	return rows;
}
