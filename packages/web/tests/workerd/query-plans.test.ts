import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Client } from "../client.ts";
import { collected, scansOf } from "../query-plans.ts";

// Every test file in a Worker's project fails when one of the Worker's statements scans (tests/query-plans.ts). These tests prove that a scan is found.

describe("the check of query plans", () => {
	test.each([
		["a whole table", "select id from users where name = ?", "SCAN users"],
		["a whole index", "select count(*) from users", "SCAN users USING COVERING INDEX users_list_reminded"],
		["a table behind a condition on an expression", "delete from sessions where expires_at + 1 <= ?", "SCAN sessions"],
		["a table within a subquery", "select * from (select * from users u where u.name = ? limit 1) u", "SCAN u"],
	])("finds a read of %s", async (_, sql, scan) => {
		expect(await scansOf(sql)).toContain(scan);
	});

	test("finds a read of the table behind a foreign key that has no index", async () => {
		await env.DB.prepare("create table parent (id text primary key)").run();
		await env.DB.prepare("create table child (parent text references parent (id))").run();
		const scans = await scansOf("delete from parent where id = ?");
		await env.DB.batch(["child", "parent"].map((table) => env.DB.prepare(`drop table ${table}`)));
		expect(scans).toEqual(["SCAN child"]);
	});

	test.each([
		["a search by key", "select * from users where id = ?"],
		["a row made of nothing", "insert into bounds select ?, 1, 2 where not exists (select 1 from bounds where key = ?)"],
		["rows that the statement names", "insert into bounds values (?, 1, 2), (?, 1, 2)"],
		["the rows of a subquery that searches", "select * from (select * from users u where u.id = ? limit 1) u"],
	])("accepts %s", async (_, sql) => {
		expect(await scansOf(sql)).toEqual([]);
	});

	test("sees the Worker's statements and none of the tests' own", async () => {
		await env.DB.prepare("select 'a statement of this test' where 1 = ?").bind(1).run();
		await new Client().signUp();
		const statements = collected();
		expect(statements.some((sql) => sql.startsWith('insert into "users"'))).toBe(true);
		expect(statements.some((sql) => sql.includes("a statement of this test"))).toBe(false);
	});
});
