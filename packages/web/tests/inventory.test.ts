import { readdirSync, readFileSync } from "node:fs";
import { getTableName, is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { overHttp } from "../src/components/transfer/chats-download.ts";
import * as schema from "../src/db/schema.ts";

// Everything that is stored has an answer to "what happens on deletion" and "what is exported" in docs/retention.md, compared here with the code.

const root = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

const section = /## What a deletion takes[\s\S]*?\n## /.exec(read("docs/retention.md"))?.[0] ?? "";
const rows = [...section.matchAll(/^\| `([\w.-]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(
	([, where = "", , onDeletion = "", exported = ""]) => ({
		where,
		onDeletion,
		exported,
	}),
);
const answerOf = (where: string) => rows.find((row) => row.where === where);

const tables = Object.values(schema).filter((one) => is(one, SQLiteTable));
const wrangler = read("wrangler.toml");
const namesIn = (pattern: RegExp) => [...new Set([...wrangler.matchAll(pattern)].map(([, name = ""]) => name))];
const classes = namesIn(/^class_name = "(\w+)"/gm);
const buckets = namesIn(/^bucket_name = "([\w-]+)"/gm);

/** The tables that the objects' sources define, whichever object has them. */
const inObjects = new Set(
	readdirSync(new URL("packages/web/src/objects/", root))
		.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
		.map((name) => read(`packages/web/src/objects/${name}`))
		.flatMap((source) => [
			...source.matchAll(/new Table<[\s\S]{0,120}?>\(\s*"(\w+)"/g),
			...source.matchAll(/CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?(\w+)/g),
		])
		.map(([, name = ""]) => name),
);

describe("what is stored", () => {
	test("has exactly one row for each D1 table, each object class with its tables, and each bucket", () => {
		expect(inObjects.size).toBeGreaterThan(15);
		// A class without tables has one row, under its own name.
		const ofObjects = rows.map(({ where }) => where).filter((where) => where.includes(".") || classes.includes(where));
		expect(new Set(ofObjects.map((where) => where.split(".")[0]))).toEqual(new Set(classes));
		expect(new Set(ofObjects.flatMap((where) => where.split(".")[1] ?? []))).toEqual(inObjects);
		const others = rows.map(({ where }) => where).filter((where) => !ofObjects.includes(where));
		expect(others.sort()).toEqual([...tables.map((table) => getTableName(table)), ...buckets].sort());
		expect(rows).toHaveLength(new Set(rows.map(({ where }) => where)).size);
	});

	test("is removed with its account exactly where a row references one", () => {
		for (const table of tables) {
			const { name, foreignKeys } = getTableConfig(table);
			const ofUser = foreignKeys.filter((key) => getTableName(key.reference().foreignTable) === "users");
			if (ofUser.length === 0) continue;
			expect([name, ofUser.map(({ onDelete }) => onDelete)]).toEqual([name, ofUser.map(() => "cascade")]);
			expect([name, answerOf(name)?.onDeletion]).toEqual([name, expect.stringMatching(/^removed/)]);
		}
	});

	test("is in an export file, or has a reason not to be", () => {
		const files = ["contents.json", "json", "markdown", "files", ...overHttp.parts.map(({ name }) => name)];
		for (const { where, exported } of rows) {
			if (exported.startsWith("no: ")) continue;
			const [, name = ""] = /^`([\w.]+)`/.exec(exported) ?? [];
			expect([where, files]).toEqual([where, expect.arrayContaining([name])]);
		}
		for (const file of files) expect([file, rows.some(({ exported }) => exported.includes(`\`${file}\``))]).toEqual([file, true]);
	});
});
