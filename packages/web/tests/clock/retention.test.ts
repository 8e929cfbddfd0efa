import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { ConversationStorage } from "../../src/objects/conversation-storage.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";
import { logLines } from "../worker-log.ts";

// A deployment that keeps guests' chats for 7 days and the free tier's for 30 (CHAT_KEPT_DAYS in vitest.config.ts).

const id = () => crypto.randomUUID();
const DAY_MS = 86_400_000;
const listOf = (key: string) => env.CHAT_LIST.getByName(key);
const runCron = () => (exports.default as unknown as { scheduled(): Promise<void> }).scheduled();

beforeEach(resetSandbox);

/** Lists chats that were last used this many days ago. */
async function listed(key: string, ...daysAgo: number[]): Promise<string[]> {
	const chats = daysAgo.map((days) => ({ id: id(), title: "Old", updatedAt: new Date(Date.now() - days * DAY_MS).toISOString() }));
	for (const chat of chats) {
		await runInDurableObject(env.CONVERSATION.getByName(chat.id), (_, { storage }) =>
			new ConversationStorage(storage.sql).writeChat({ id: chat.id, owner: key, title: "Old", deleted: false, whole: false }),
		);
		await listOf(key).put(chat);
	}
	return chats.map((chat) => chat.id);
}

const left = async (key: string) => (await listOf(key).inOrder(null)).chats.map((chat) => chat.id).sort();
const isDeleted = (chat: string) =>
	runInDurableObject(env.CONVERSATION.getByName(chat), (_, { storage }) => new ConversationStorage(storage.sql).chat()?.deleted ?? true);

/** Runs the list's alarm until nothing is due now. */
async function look(key: string): Promise<void> {
	await runDurableObjectAlarm(listOf(key));
	await runDurableObjectAlarm(listOf(key));
}

describe("a chat unused for longer than its tier keeps chats", () => {
	test("is deleted by its list's alarm, and no other chat is", async () => {
		const client = new Client();
		const key = `user:${(await client.signUp()).id}`;
		const clock = stopAppClock();
		const [fresh = "", old = ""] = await listed(key, 0, 20);
		await look(key);
		clock.advance(29 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual([fresh, old].sort());
		await listOf(key).put({ id: fresh, title: "Used", updatedAt: new Date(Date.now()).toISOString() });
		clock.advance(1.1 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual([fresh]);
		expect([await isDeleted(old), await isDeleted(fresh)]).toEqual([true, false]);
		clock.advance(30 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual([]);
	});

	test("is kept for the full period after the setting is introduced, even in an account that is no longer used", async () => {
		const client = new Client();
		const user = await client.signUp();
		const key = `user:${user.id}`;
		const chats = await listed(key, 400, 100);
		await runInDurableObject(listOf(key), async (_, { storage }) => {
			// As before the variable was set.
			storage.kv.delete("watch");
			await storage.deleteAlarm();
		});
		await evictDurableObject(listOf(key));
		const clock = stopAppClock();
		await runCron();
		await look(key);
		expect(await left(key)).toEqual(chats.sort());
		clock.advance(29 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual(chats.sort());
		clock.advance(1.1 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual([]);
	});

	test("is kept while a plan pays for the account, and for another full period after the plan ends", async () => {
		const client = new Client();
		const user = await client.subscribe();
		await eventually(async () => expect((await client.usage()).tier).toBe("paid"));
		const key = `user:${user.id}`;
		const chats = await listed(key, 100);
		await look(key);
		const watch = () => runInDurableObject(listOf(key), (_, { storage }) => storage.kv.get<{ days: number | null }>("watch"));
		expect([(await watch())?.days, await left(key)]).toEqual([null, chats]);
		const { subscriptions, customers } = await sandboxState();
		const customer = customers.find((one) => one.externalId === user.id);
		const plan = subscriptions.find((one) => one.customerId === customer?.id && !one.isFreePlan);
		expect((await client.post("/api/billing/cancel", { planId: plan?.id, when: "now" })).status).toBe(200);
		const clock = stopAppClock();
		clock.advance(31 * DAY_MS);
		await look(key);
		expect([(await watch())?.days, await left(key)]).toEqual([30, chats]);
		clock.advance(29 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual(chats);
		clock.advance(2 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual([]);
	});

	test("is kept while an organization of its owner has a plan", async () => {
		const client = new Client();
		const user = await client.signUp();
		await client.confirm(user.email);
		const { id: organizationId } = await (await client.post("/api/auth/organization/create", { name: "Acme", slug: id() })).json<{
			id: string;
		}>();
		await client.post("/api/auth/organization/set-active", { organizationId });
		await client.buy("pro_monthly");
		await client.post("/api/auth/organization/set-active", { organizationId: null });
		const key = `user:${user.id}`;
		const clock = stopAppClock();
		const chats = await listed(key, 1);
		await look(key);
		clock.advance(31 * DAY_MS);
		await look(key);
		expect(await left(key)).toEqual(chats);
	});

	test("is kept while the plan cannot be read", async () => {
		const client = new Client();
		const key = `user:${(await client.signUp()).id}`;
		const clock = stopAppClock();
		const chats = await listed(key, 1);
		await look(key);
		clock.advance(40 * DAY_MS);
		await faults({ api: [{ path: "/api/v1/*", status: 500 }] });
		await evictDurableObject(env.USAGE_LEDGER.getByName(key));
		await look(key);
		expect(await left(key)).toEqual(chats);
		expect(logLines.some((line) => line.startsWith(`how long chats of ${key} are kept could not be read`))).toBe(true);
		await faults({});
		clock.advance(2 * 3_600_000);
		await look(key);
		expect(await left(key)).toEqual([]);
	});

	test("is deleted sooner for a guest, 25 at a time, and is kept for a new period after an import", async () => {
		const guest = `guest:${id()}` as const;
		const clock = stopAppClock();
		await listed(guest, ...Array.from({ length: 60 }, () => 1));
		await look(guest);
		clock.advance(7 * DAY_MS);
		await runDurableObjectAlarm(listOf(guest));
		const marked = () =>
			runInDurableObject(listOf(guest), (_, { storage }) => storage.sql.exec("SELECT count(*) AS n FROM chat").one().n as number);
		expect(await marked()).toBe(35);
		expect(await left(guest)).toEqual([]);
		await look(guest);
		expect(await marked()).toBe(0);

		const client = new Client();
		const key = `user:${(await client.signUp()).id}`;
		await listed(key, 0);
		await look(key);
		clock.advance(31 * DAY_MS);
		await listOf(key).takeImport(Date.now(), 1, 1);
		const imported = await listed(key, 900);
		await look(key);
		expect(await left(key)).toEqual(expect.arrayContaining(imported));
	});
});

test("the chat page and the data page state how long chats are kept", async () => {
	const client = await new Client().visit();
	expect(await (await client.fetch("/")).text()).toContain("Chats are deleted 7 days after their last use.");
	expect(await (await client.fetch("/account/data")).text()).toContain("A chat that you haven’t used for 7 days is deleted.");
});
