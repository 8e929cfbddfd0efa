import { runInDurableObject } from "cloudflare:test";
import type { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";

type Conversation = ReturnType<typeof env.CONVERSATION.getByName>;

// Counts what objects do, until the test ends.

/** Counts the rows that an object reads and writes, and the characters that it stores, until the test ends. */
export async function metered(stub: DurableObjectStub<never> | Conversation) {
	const counts = { read: 0, written: 0, chars: 0 };
	await runInDurableObject(stub as Conversation, (_, { storage }) => {
		const { sql } = storage;
		const exec = sql.exec.bind(sql);
		const setAlarm = storage.setAlarm.bind(storage);
		const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
		Object.assign(sql, {
			exec: (query: string, ...bindings: SqlStorageValue[]) => {
				const cursor = exec(query, ...bindings);
				for (const binding of bindings) counts.chars += typeof binding === "string" ? binding.length : 0;
				cursors.push(cursor);
				queueMicrotask(() => {
					for (const { rowsRead, rowsWritten } of cursors.splice(0)) {
						counts.read += rowsRead;
						counts.written += rowsWritten;
					}
				});
				return cursor;
			},
		});
		Object.assign(storage, {
			setAlarm: (...at: Parameters<typeof setAlarm>) => {
				counts.written += 1;
				return setAlarm(...at);
			},
		});
	});
	return { counts, reset: () => Object.assign(counts, { read: 0, written: 0, chars: 0 }) };
}

/** Counts the calls to a class's methods until the test ends. */
export function countCalls(prototype: object, calls: string[]): void {
	for (const name of [
		"start",
		"hold",
		"settle",
		"release",
		"put",
		"find",
		"remove",
		"view",
		"stream",
		"stop",
		"runState",
		"closedInFavourOf",
	]) {
		const method: unknown = Reflect.get(prototype, name);
		if (typeof method !== "function") continue;
		Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
			calls.push(name);
			return Reflect.apply(method, this, args);
		});
		onTestFinished(() => void Reflect.set(prototype, name, method));
	}
}
