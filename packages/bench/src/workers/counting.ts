/**
 * Adds counters to the built product: `src/build.ts` puts this module in front of the build's index.js. Counts object calls, D1 queries and
 * rows written and read (from the cursor of each `SqlStorage.exec`, plus one for each `setAlarm` and each `kv.put`, as Cloudflare bills them; D1
 * reports its own).
 */
import { env } from "cloudflare:workers";
import product, * as built from "../../../web/src/server.ts";

/** By name: `rows user ledger`, `read user ledger`, `alarms set …`, `call UsageLedger.hold`, `d1`. */
let counts: Record<string, number> = {};

function add(name: string, by = 1): void {
	counts[name] = (counts[name] ?? 0) + by;
}

/** Wraps one object's storage. A ledger is named after its kind of subject. */
function counted(ctx: DurableObjectState, className: string): DurableObjectState {
	const of = className === "UsageLedger" ? `${ctx.id.name?.split(":")[0]} ledger` : className;
	const { sql } = ctx.storage;
	const exec = sql.exec.bind(sql);
	const cursors = new Set<SqlStorageCursor<Record<string, SqlStorageValue>>>();
	const flush = () => {
		for (const cursor of cursors) {
			add(`rows ${of}`, cursor.rowsWritten);
			add(`read ${of}`, cursor.rowsRead);
		}
		cursors.clear();
	};
	Object.assign(sql, {
		exec: (query: string, ...bindings: SqlStorageValue[]) => {
			// A cursor reports only its last statement's writes. Statements are split by line, because a text may contain a semicolon.
			const statements = bindings.length === 0 ? query.split(/;\s*\n\s*(?=\S)/) : [query];
			for (const statement of statements.slice(0, -1)) add(`rows ${of}`, exec(statement).rowsWritten);
			const cursor = exec(statements.at(-1) ?? "", ...bindings);
			// A cursor reports its writes once it is exhausted, which happens before the event ends.
			if (cursors.size === 0) queueMicrotask(flush);
			cursors.add(cursor);
			return cursor;
		},
	});
	const put = ctx.storage.kv.put.bind(ctx.storage.kv);
	Object.assign(ctx.storage.kv, {
		put: (...entry: Parameters<typeof put>) => {
			add(`rows ${of}`);
			put(...entry);
		},
	});
	const setAlarm = ctx.storage.setAlarm.bind(ctx.storage);
	Object.assign(ctx.storage, {
		setAlarm: (...at: Parameters<typeof setAlarm>) => {
			add(`alarms set ${of}`);
			return setAlarm(...at);
		},
	});
	return ctx;
}

/** Counts calls to a class. Calls between its own methods would count too, but no chat makes one. */
function countCalls(className: string, prototype: object): void {
	for (const name of Object.getOwnPropertyNames(prototype)) {
		const method: unknown = Reflect.get(prototype, name);
		if (name === "constructor" || typeof method !== "function") continue;
		Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
			add(`call ${className}.${name}`);
			return Reflect.apply(method, this, args);
		});
	}
}

countCalls("UsageLedger", built.UsageLedger.prototype);
countCalls("Conversation", built.Conversation.prototype);
countCalls("ChatList", built.ChatList.prototype);

export class UsageLedger extends built.UsageLedger {
	constructor(ctx: DurableObjectState, bindings: Cloudflare.Env) {
		super(counted(ctx, "UsageLedger"), bindings);
	}
}

export class Conversation extends built.Conversation {
	constructor(ctx: DurableObjectState, bindings: Cloudflare.Env) {
		super(counted(ctx, "Conversation"), bindings);
	}
}

export class ChatList extends built.ChatList {
	constructor(ctx: DurableObjectState, bindings: Cloudflare.Env) {
		super(counted(ctx, "ChatList"), bindings);
	}
}

let databaseIsWrapped = false;

function wrapDatabase(): void {
	if (databaseIsWrapped) return;
	databaseIsWrapped = true;
	const statements: object = Object.getPrototypeOf(env.DB.prepare("SELECT 1"));
	for (const name of ["first", "run", "all", "raw"]) wrapQuery(statements, name, () => 1);
	wrapQuery(Object.getPrototypeOf(env.DB), "batch", (args) => (Array.isArray(args[0]) ? args[0].length : 1));
}

function wrapQuery(prototype: object, name: string, queries: (args: unknown[]) => number): void {
	const method: unknown = Reflect.get(prototype, name);
	if (typeof method !== "function") throw new Error(`D1 has no ${name}`);
	Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
		add("d1", queries(args));
		const answer: unknown = Reflect.apply(method, this, args);
		// `run` and `all` report the rows written.
		if (answer instanceof Promise)
			void answer.then(
				(result) => result?.meta && add("rows D1", result.meta.rows_written),
				() => {},
			);
		return answer;
	});
}

export default {
	async fetch(request: Request<unknown, IncomingRequestCfProperties>): Promise<Response> {
		wrapDatabase();
		if (!new URL(request.url).pathname.startsWith("/__bench/counts")) return product.fetch(request);
		const answer = Response.json(counts);
		if (request.method === "DELETE") counts = {};
		return answer;
	},
};
