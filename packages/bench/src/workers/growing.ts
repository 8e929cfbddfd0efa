/**
 * Gives a ledger or a chat a long history: `src/build.ts` puts this module in front of counting.ts. A history consists of copies of a row that
 * the product wrote itself, so nothing here depends on the columns.
 */
import { env } from "cloudflare:workers";
import counting, { ChatList, Conversation as CountedConversation, UsageLedger as CountedLedger } from "./counting.ts";

export { ChatList };

const DAY_MS = 86_400_000;
/** The product drops a reader that has read nothing for 60 s. */
const STALLED_MS = 55_000;

/** The ledgers of this isolate by object name. */
const names = new Set<string>();
/** Readers that do not read. Referenced here, because an unreferenced stream would end. */
const stalled: unknown[] = [];

/** Inserts copies of a row. `changed`: SQL expressions of a copy's number `i` (from 0), by column. */
function copy(sql: SqlStorage, table: string, row: Record<string, SqlStorageValue>, copies: number, changed: Record<string, string>): void {
	const columns = Object.keys(row);
	const kept = columns.filter((column) => !(column in changed));
	const values = columns.map((column) => changed[column] ?? `?${kept.indexOf(column) + 2}`);
	sql.exec(
		`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
		INSERT INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM n`,
		copies,
		...kept.map((column) => row[column] ?? null),
	);
}

export class UsageLedger extends CountedLedger {
	constructor(ctx: DurableObjectState, bindings: Cloudflare.Env) {
		super(ctx, bindings);
		names.add(ctx.id.name ?? "");
	}

	/**
	 * Copies the ledger's latest ended request into the 80 days before it, one in ten as released (all of them for a guest or a pool, whose limit
	 * they must not use up). Deletes the sums, so that the next wake adds them up, as for a ledger of an older version.
	 * @returns the size of the database in bytes
	 */
	fill(requests: number): number {
		const { sql } = this.ctx.storage;
		const [row] = sql.exec("SELECT * FROM request ORDER BY held_at_ms DESC LIMIT 1").toArray();
		if (!row) throw new Error("a ledger without an ended request cannot be filled");
		const lastMs = Number(row.held_at_ms) - DAY_MS;
		const atMs = `${lastMs} - i * ${Math.floor((80 * DAY_MS) / requests)}`;
		const isReleased = this.ctx.id.name?.startsWith("user:") ? "i % 10 = 0" : "1";
		copy(sql, "request", row, requests, {
			id: "lower(hex(randomblob(18)))",
			state: `CASE WHEN ${isReleased} THEN 'released' ELSE 'settled' END`,
			held_at_ms: atMs,
			expires_at_ms: atMs,
			ended_at_ms: atMs,
			reported_at_ms: row.reported_at_ms === null ? "NULL" : `CASE WHEN ${isReleased} THEN NULL ELSE ${atMs} + 5000 END`,
		});
		sql.exec("DELETE FROM live");
		sql.exec("UPDATE ledger SET kept = NULL");
		return sql.databaseSize;
	}

	/** The number of requests that are held or owed, and so have no final version. */
	open(): number {
		const query = "SELECT count(*) AS n FROM live WHERE id NOT IN (SELECT id FROM request)";
		return this.ctx.storage.sql.exec<{ n: number }>(query).one().n;
	}

	/** Ends this instance, so that the next call wakes the object. */
	leave(): void {
		this.ctx.abort("the bench wakes this object again");
	}
}

export class Conversation extends CountedConversation {
	/** Appends copies of the chat's newest turn. A turn is two messages. */
	fill(turns: number): void {
		const { sql } = this.ctx.storage;
		const row = sql.exec("SELECT * FROM turn ORDER BY seq DESC LIMIT 1").one();
		const seq = Number(row.seq) + 1;
		copy(sql, "turn", row, turns, {
			seq: `${seq} + i`,
			parent: `${seq} + i - 1`,
			request_id: "lower(hex(randomblob(18)))",
			answer_id: `printf('%s-%d', lower(hex(randomblob(8))), ${seq} + i)`,
		});
	}
}

async function answer(path: string, query: URLSearchParams): Promise<unknown> {
	const key = query.get("key") ?? "";
	const amount = Number(query.get("amount"));
	const ledger = env.USAGE_LEDGER.getByName(key) as unknown as DurableObjectStub<UsageLedger>;
	const conversation = env.CONVERSATION.getByName(key) as unknown as DurableObjectStub<Conversation>;
	switch (path) {
		case "ledgers":
			return [...names];
		case "fill-ledger":
			return ledger.fill(amount);
		case "fill-chat":
			return conversation.fill(amount);
		case "open":
			return ledger.open();
		case "leave":
			// The call ends with the instance.
			return ledger.leave().then(
				() => null,
				() => null,
			);
		case "wake":
			return ledger.usage(key);
		case "pairs": {
			for (let pair = 0; pair < amount; pair += 1) {
				const id = crypto.randomUUID();
				await ledger.hold(key, { id, fingerprint: "", units: 1, chatId: null });
				await ledger.settle(id);
			}
			return null;
		}
		case "page":
			return (await conversation.view(query.get("owner") ?? ""))?.messages.length;
		default:
			throw new Error(`the growing Worker has no ${path}`);
	}
}

/** Joins an answer without reading it. The body begins with the number of accepted readers. They end with this request, before the product drops them. */
async function stall(query: URLSearchParams, background: ExecutionContext): Promise<Response> {
	const conversation = env.CONVERSATION.getByName(query.get("key") ?? "");
	let taken = 0;
	for (let reader = 0; reader < Number(query.get("amount")); reader += 1) {
		const { stream } = await conversation.stream(query.get("owner") ?? "");
		if (!stream) break;
		stalled.push(stream);
		taken += 1;
	}
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	const hold = async () => {
		const writer = writable.getWriter();
		await writer.write(new TextEncoder().encode(String(taken)));
		await scheduler.wait(STALLED_MS);
		await writer.close();
	};
	background.waitUntil(hold().catch(() => {}));
	return new Response(readable);
}

export default {
	async fetch(request: Request<unknown, IncomingRequestCfProperties>, _: unknown, context: ExecutionContext): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const [, path] = /^\/__bench\/grow\/(.+)$/.exec(pathname) ?? [];
		if (path === undefined) return counting.fetch(request);
		return path === "stall" ? stall(searchParams, context) : Response.json((await answer(path, searchParams)) ?? null);
	},
};
