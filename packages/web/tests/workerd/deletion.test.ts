import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import retention from "../../../../docs/retention.md?raw";
import { ConversationStorage } from "../../src/objects/conversation-storage.ts";
import type { DeletionView } from "../../src/view/identity.ts";
import type { Share } from "../../src/view/share.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, faults, pay, resetSandbox, sandboxState } from "../client.ts";
import { requestsOf } from "../stored.ts";
import { logLines } from "../worker-log.ts";

/*
 * The invariants of a deletion:
 * - From the request on, the account can use and spend nothing on any device. Signing in leads to one page, which can keep the account until it is due.
 * - A plan that cannot be cancelled stops the deletion: no customer keeps paying without an account.
 * - The deletion leaves only the ledger, under a key that identifies no one. It resumes after a crash at any step.
 * - Deleting an account and signing up again gains no requests.
 */

const id = () => crypto.randomUUID();
const DAY_MS = 86_400_000;
const PASSWORD = "correct horse";
const anyAddress = () => ({ "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });

beforeEach(resetSandbox);

const runCron = () => (exports.default as unknown as { scheduled(): Promise<void> }).scheduled();
const ledgerOf = (key: string) => env.USAGE_LEDGER.getByName(key);

const request = (client: Client, body: object = {}) => client.post("/api/account/deletion", body);
const keep = (client: Client, query = "") => client.fetch(`/api/account/deletion${query}`, { method: "DELETE" });
const viewOf = async (client: Client, query = ""): Promise<DeletionView> => (await client.fetch(`/api/account/deletion${query}`)).json();
const codeOf = async (response: Response) => {
	const { type = "" } = await response.clone().json<{ type?: string }>();
	return `${response.status} ${type.replace("urn:parley:problem:", "")}`;
};

async function signIn(email: string, password = PASSWORD): Promise<Client> {
	const client = new Client();
	const response = await client.post("/api/auth/sign-in/email", { email, password }, anyAddress());
	if (!response.ok) throw new Error(`sign-in: ${response.status}`);
	return client;
}

/** Ends the grace period and runs the cron trigger. */
async function deleteNow(subject: string): Promise<void> {
	await env.DB.prepare("UPDATE deletions SET due_at = 0 WHERE id = ?").bind(subject).run();
	await runCron();
}

const isDeleting = async (subject: string) => (await env.DB.prepare("SELECT 1 FROM deletions WHERE id = ?").bind(subject).first()) !== null;

/** What an object has on disk: the names of its tables and values. */
const leftIn = (object: DurableObjectStub): Promise<unknown[]> =>
	runInDurableObject(object, (_, { storage }) => [
		...storage.sql
			.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
			.toArray()
			.map(({ name }) => name),
		...[...storage.kv.list()].map(([name]) => name),
	]);

/** How many rows of each table contain one of these texts in any column. */
async function rowsWith(...texts: string[]): Promise<Record<string, number>> {
	const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{ name: string }>();
	const found: Record<string, number> = {};
	for (const { name } of results.filter((one) => !/^(?:sqlite|_cf|d1)_/.test(one.name))) {
		const rows = await env.DB.prepare(`SELECT * FROM ${name}`).all();
		const count = rows.results.filter((row) => texts.some((text) => JSON.stringify(row).includes(text))).length;
		if (count > 0) found[name] = count;
	}
	return found;
}

/** The files in the bucket that did not exist when the test began. */
let before: string[];
const keysInBucket = async () => (await env.FILES?.list())?.objects.map(({ key }) => key) ?? [];
const newFiles = async () => (await keysInBucket()).filter((key) => !before.includes(key));

beforeEach(async () => {
	before = await keysInBucket();
});

/** A user with everything that an account can have. */
async function fullAccount() {
	const client = new Client();
	const user = await client.signUp();
	await client.confirm(user.email);
	const chats = [id(), id()];
	const [chat = ""] = chats;
	const upload = await client.fetch(`/api/chat/${chat}/files?name=notes.txt`, { method: "POST", body: "My notes" });
	const file = await upload.json<{ url: string; filename: string }>();
	const parts = [file, { type: "text", text: "Read this" }];
	const sent = await client.post("/api/chat/ai", { id: chat, messages: [{ id: id(), role: "user", parts }], trigger: "submit-message" });
	await sent.text();
	await client.chat(chats[1] ?? "", id());
	await client.post("/api/folders", { id: id(), name: "Work", instructions: "Be brief" });
	await client.post("/api/instructions", { about: "I am Ada", answer: "Be kind" });
	await client.post("/api/mail-settings", { tellsUsage: true });
	await env.DB.batch([
		env.DB.prepare(
			"INSERT INTO passkeys (id, user_id, name, public_key, counter, transports, created_at) VALUES (?, ?, '', '', 0, '[]', 0)",
		).bind(id(), user.id),
		env.DB.prepare("INSERT INTO second_factors (user_id, secret, recovery) VALUES (?, '', '[]')").bind(user.id),
	]);
	const shared = await client.post(`/api/chat/${chat}/share`, { files: true });
	const { share } = await shared.json<{ share: Share }>();
	return { client, user, key: `user:${user.id}` as const, chats, share };
}

test("an account's API key stops working when deletion is requested, works again if the account is kept, and is deleted with it", async () => {
	const client = new Client();
	const { id: userId, email } = await client.signUp();
	await client.confirm(email);
	const made = await client.post("/api/keys", { name: "Mine", scopes: ["models", "usage"] });
	const { secret } = await made.json<{ secret: string }>();
	const call = () => new Client().fetch("/v1/usage", { headers: { authorization: `Bearer ${secret}` } });
	expect((await call()).status).toBe(200);
	expect((await request(client)).status).toBe(200);
	expect((await call()).status).toBe(401);
	await keep(await signIn(email));
	expect((await call()).status).toBe(200);
	await request(await signIn(email));
	await deleteNow(userId);
	expect((await call()).status).toBe(401);
	expect(await rowsWith(userId)).not.toHaveProperty("api_keys");
});

describe("an account that is being deleted", () => {
	test("is locked at once on every device, and signing in only offers to keep it", async () => {
		const { client, user, chats } = await fullAccount();
		const other = await signIn(user.email);
		const answer = await request(client);
		expect(answer.status).toBe(200);
		const { dueAt } = await answer.json<{ dueAt: string }>();
		const row = await env.DB.prepare("SELECT requested_at FROM deletions WHERE id = ?").bind(user.id).first<{ requested_at: number }>();
		expect(Date.parse(dueAt) - (row?.requested_at ?? 0)).toBe(7 * DAY_MS);
		for (const gone of [client, other]) {
			expect(await gone.fetch("/api/auth/get-session").then((r) => r.json())).toBe(null);
			expect((await gone.fetch(`/api/chat/${chats[0]}/export?format=json`)).status).toBe(404);
		}
		const back = await signIn(user.email);
		const refused = await Promise.all([
			back.send(id(), id()),
			back.fetch("/api/usage"),
			back.fetch("/api/chats"),
			back.fetch("/api/shares"),
			back.fetch("/api/billing"),
			back.post("/api/billing/checkout", { priceSlug: "pro_monthly" }),
			back.post("/api/instructions", { about: "", answer: "" }),
			back.post("/api/auth/organization/create", { name: "Late", slug: id() }),
			back.post("/api/auth/update-user", { name: "Eve" }),
			back.post("/api/auth/change-password", { currentPassword: PASSWORD, newPassword: "another horse" }),
			request(back),
		]);
		for (const response of refused) expect(await codeOf(response)).toBe("403 account-is-being-deleted");
		for (const path of ["/", "/account/data", "/account/plan", "/pricing", `/c/${chats[0]}`]) {
			const page = await back.fetch(path);
			expect([path, page.status, page.headers.get("location")]).toEqual([path, 307, "/leaving"]);
		}
		expect(await (await back.fetch("/leaving")).text()).toContain(user.email);
		const mails = (await eventually(async () => {
			const { mailbox } = await sandboxState();
			const found = mailbox.filter(({ to, subject }) => to === user.email && subject === "Your account will be deleted");
			if (found.length === 0) throw new Error("no mail");
			return found;
		})) as unknown[];
		expect(mails).toHaveLength(1);
	});

	test("can be kept with everything in it until it is due", async () => {
		const { client, user, chats, share } = await fullAccount();
		const before = await (await client.fetch("/api/usage")).json();
		await request(client);
		const back = await signIn(user.email);
		expect((await keep(back)).status).toBe(204);
		expect(await (await back.fetch("/api/usage")).json()).toEqual(before);
		for (const chat of chats) expect((await back.fetch(`/api/chat/${chat}/export?format=json`)).status).toBe(200);
		expect((await new Client().fetch(`/s/${share.id}`)).status).toBe(200);
		await runCron();
		expect((await back.fetch("/api/usage")).status).toBe(200);
		await request(back);
		await env.DB.prepare("UPDATE deletions SET due_at = 0 WHERE id = ?").bind(user.id).run();
		expect(await codeOf(await keep(await signIn(user.email)))).toBe("404 not-found");
	});

	test("is not touched for seven days", async () => {
		const { client, user } = await fullAccount();
		await request(client);
		const clock = stopAppClock();
		clock.advance(7 * DAY_MS - 120_000);
		await runCron();
		expect(await isDeleting(user.id)).toBe(true);
		clock.advance(240_000);
		await runCron();
		expect(await rowsWith(user.email, `"${user.id}"`)).toEqual({});
	});

	test("requires a proof from the last ten minutes", async () => {
		const { client, user } = await fullAccount();
		await env.DB.prepare("UPDATE sessions SET created_at = created_at - 660000, proven_at = NULL WHERE user_id = ?").bind(user.id).run();
		expect(await codeOf(await request(client))).toBe("403 proof-needed");
		expect(await isDeleting(user.id)).toBe(false);
		await client.post("/api/auth/prove", { password: PASSWORD });
		expect((await request(client)).status).toBe(200);
	});

	test("accepts every way in, and changes none of them until it is kept", async () => {
		const { client, user } = await fullAccount();
		await request(client);
		const back = new Client();
		await back.post("/api/auth/mail/send", { email: user.email, purpose: "sign-in" }, anyAddress());
		const code = await eventually(async () => {
			const { mailbox } = await sandboxState();
			const subject = String(mailbox.findLast(({ to, subject }) => to === user.email && /is your/.test(String(subject)))?.subject ?? "");
			return /^\d{6}/.exec(subject)?.[0] ?? Promise.reject(new Error("no code"));
		});
		expect((await back.post("/api/auth/mail/code", { code })).status).toBe(200);
		expect((await back.fetch("/", { redirect: "manual" })).headers.get("location")).toBe("/leaving");
		for (const [route, body] of [
			["set-password", { password: "another horse" }],
			["change-email", { newEmail: "eve@example.com" }],
			["passkey/options", {}],
			["second-factor/set-up", {}],
			["revoke-sessions", {}],
			["prove", { password: PASSWORD }],
		] as const)
			expect([route, await codeOf(await back.post(`/api/auth/${route}`, body))]).toEqual([route, "403 account-is-being-deleted"]);
		expect((await keep(back)).status).toBe(204);
		expect((await back.fetch("/api/usage")).status).toBe(200);
	});

	test("settles an answer that is being written, and keeps its full count", async () => {
		const { client, user, key } = await fullAccount();
		await faults({ model: { chunks: 20, chunkMs: 50 } });
		const before = (await ledgerOf(key).usage(key)).used;
		const answer = await client.send(id(), id());
		await request(client);
		await answer.text();
		await eventually(async () => expect(await ledgerOf(key).usage(key)).toMatchObject({ used: before + 1, held: 0 }));
		expect((await requestsOf(ledgerOf(key))).filter(({ state }) => state === "held")).toEqual([]);
		expect(await isDeleting(user.id)).toBe(true);
	});

	test("takes over a guest's chats at sign-in only once it is kept", async () => {
		const { client, user, key } = await fullAccount();
		await request(client);
		const guest = await new Client().visit();
		const chat = id();
		await guest.chat(chat, id());
		const used = (await ledgerOf(key).usage(key)).used;
		await guest.post("/api/auth/sign-in/email", { email: user.email, password: PASSWORD }, anyAddress());
		expect((await ledgerOf(key).usage(key)).used).toBe(used);
		expect((await keep(guest)).status).toBe(204);
		await guest.visit();
		expect((await guest.fetch(`/api/chat/${chat}/export?format=json`)).status).toBe(200);
	});
});

describe("the deletion", () => {
	test("leaves only the ledger, under a key that identifies no one; the account's shares answer 410", async () => {
		const { client, user, key, chats, share } = await fullAccount();
		await request(client);
		await deleteNow(user.id);
		for (const chat of chats) expect(await leftIn(env.CONVERSATION.getByName(chat))).toEqual([]);
		expect(await leftIn(env.CHAT_LIST.getByName(key))).toEqual([]);
		expect(await leftIn(env.SHARE_LIST.getByName(key))).toEqual([]);
		expect(await leftIn(env.SHARED_CHAT.getByName(share.id))).toEqual(["gone"]);
		expect(await newFiles()).toEqual([]);
		expect((await new Client().fetch(`/s/${share.id}`)).status).toBe(410);
		// Copies of the ledger, under its key.
		const { usage_days: _days, ledger_reports: _reports, ...rows } = await rowsWith(user.email, user.id);
		expect(rows).toEqual({});
		expect(await requestsOf(ledgerOf(key))).toHaveLength(2);
		await evictDurableObject(ledgerOf(key));
		const stored = await runInDurableObject(
			ledgerOf(key),
			(_, { storage }) =>
				JSON.stringify(storage.sql.exec("SELECT * FROM ledger").toArray()) +
				JSON.stringify(storage.sql.exec("SELECT * FROM live").toArray()),
		);
		for (const name of [user.email, "Ada"]) expect(stored).not.toContain(name);
	});

	test("finds no table that docs/retention.md does not cover", async () => {
		const { key, chats, share } = await fullAccount();
		const classes = {
			UsageLedger: ledgerOf(key),
			Conversation: env.CONVERSATION.getByName(chats[0] ?? ""),
			ChatList: env.CHAT_LIST.getByName(key),
			ShareList: env.SHARE_LIST.getByName(key),
			SharedChat: env.SHARED_CHAT.getByName(share.id),
		};
		for (const [name, object] of Object.entries(classes)) {
			const tables = await runInDurableObject(object, (_, { storage }) =>
				storage.sql
					.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'")
					.toArray(),
			);
			expect(tables.length).toBeGreaterThan(0);
			for (const table of tables) expect(retention).toContain(`| \`${name}.${table.name}\` |`);
		}
	});

	test("deletes the ledger after the configured number of days, by the ledger's own alarm", async () => {
		const { client, user, key } = await fullAccount();
		await request(client);
		await deleteNow(user.id);
		const clock = stopAppClock();
		clock.advance(399 * DAY_MS);
		await runDurableObjectAlarm(ledgerOf(key));
		expect(await leftIn(ledgerOf(key))).not.toEqual([]);
		clock.advance(2 * DAY_MS);
		await evictDurableObject(ledgerOf(key));
		await ledgerOf(key).usage(key);
		await runDurableObjectAlarm(ledgerOf(key));
		expect(await leftIn(ledgerOf(key))).toEqual([]);
	});

	test("resumes where an object, the bucket or the database failed, and a broken chat blocks no other", async () => {
		const { client, user, key, chats } = await fullAccount();
		await request(client);
		const [first = "", second = ""] = chats;
		const broken = env.CONVERSATION.getByName(second);
		await evictDurableObject(broken);
		await runInDurableObject(broken, (_, { storage }) => storage.sql.exec("UPDATE chat SET deleted = 7").toArray());
		await deleteNow(user.id);
		expect(await leftIn(env.CONVERSATION.getByName(first))).toEqual([]);
		expect(await leftIn(broken)).not.toEqual([]);
		expect(await isDeleting(user.id)).toBe(true);
		await runInDurableObject(broken, (_, { storage }) => storage.sql.exec("UPDATE chat SET deleted = 0").toArray());
		const clock = stopAppClock();
		clock.advance(120_000);
		await env.DB.prepare("CREATE TRIGGER fails BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'no'); END").run();
		await runCron();
		await env.DB.prepare("DROP TRIGGER fails").run();
		expect(await leftIn(broken)).toEqual([]);
		expect(await leftIn(env.CHAT_LIST.getByName(key))).toEqual([]);
		// The transaction was rolled back completely.
		expect(await rowsWith(user.email)).toMatchObject({ users: 1 });
		expect(await isDeleting(user.id)).toBe(true);
		await runCron();
		expect(await rowsWith(user.email, `"${user.id}"`)).toEqual({});
		expect(logLines.some((line) => line.startsWith(`user ${user.id} could not be deleted`))).toBe(true);
	});

	test("waits for files that the bucket fails to delete", async () => {
		const { client, user, chats, share } = await fullAccount();
		await request(client);
		const down = vi.spyOn(Object.getPrototypeOf(env.FILES), "delete").mockRejectedValue(new Error("R2 is down"));
		await deleteNow(user.id);
		expect(await isDeleting(user.id)).toBe(true);
		expect(await newFiles()).not.toEqual([]);
		down.mockRestore();
		const clock = stopAppClock();
		clock.advance(2 * 3_600_000);
		await runCron();
		expect(await leftIn(env.CONVERSATION.getByName(chats[0] ?? ""))).toEqual([]);
		// A share whose list is gone ends by its own alarm.
		await runDurableObjectAlarm(env.SHARED_CHAT.getByName(share.id));
		expect(await newFiles()).toEqual([]);
		expect(await isDeleting(user.id)).toBe(false);
	});

	test("deletes 25 chats at a time, and all of them within a few runs", async () => {
		const { client, user, key } = await fullAccount();
		const chats = Array.from({ length: 240 }, id);
		for (const chat of chats) {
			await runInDurableObject(env.CONVERSATION.getByName(chat), (_, { storage }) =>
				new ConversationStorage(storage.sql).writeChat({ id: chat, owner: key, title: "Old", deleted: false, whole: false }),
			);
			await env.CHAT_LIST.getByName(key).put({ id: chat, title: "Old", updatedAt: new Date(0).toISOString() });
		}
		await request(client);
		await deleteNow(user.id);
		expect(await isDeleting(user.id)).toBe(true);
		// The list's own alarm continues, and so does the next run.
		await runDurableObjectAlarm(env.CHAT_LIST.getByName(key));
		await runCron();
		for (const chat of chats) expect(await leftIn(env.CONVERSATION.getByName(chat))).toEqual([]);
		expect(await isDeleting(user.id)).toBe(false);
	});

	test("frees the address for a new account, which starts empty; until then it is taken, so that no free day starts twice", async () => {
		const { client, user, key } = await fullAccount();
		await request(client);
		const again = { name: "Ada", email: user.email, password: "another horse" };
		expect((await new Client().post("/api/auth/sign-up/email", again, anyAddress())).ok).toBe(false);
		const back = await signIn(user.email);
		await keep(back);
		expect((await back.usage()).used).toBe(2);
		await request(back);
		await deleteNow(user.id);
		const fresh = new Client();
		const renewed = await fresh.signUp(user.email);
		expect(renewed.id).not.toBe(user.id);
		expect((await fresh.usage()).used).toBe(0);
		expect((await (await fresh.fetch("/api/chats")).json<{ chats: unknown[] }>()).chats).toEqual([]);
		expect(await requestsOf(ledgerOf(key))).toHaveLength(2);
	});
});

describe("the plan of a deleted account", () => {
	const statesOf = async () => (await sandboxState()).subscriptions.filter(({ isFreePlan }) => !isFreePlan).map(({ status }) => status);

	test("must be cancelled by an explicit choice, which says what ends", async () => {
		const client = new Client();
		const user = await client.subscribe();
		await eventually(async () => expect((await client.usage()).tier).toBe("paid"));
		expect(await viewOf(client)).toMatchObject({ plans: [{ name: "Pro", state: "active" }], graceDays: 7, isUnread: false });
		expect(await codeOf(await request(client))).toBe("409 plan-choice-needed");
		expect(await statesOf()).toEqual(["active"]);
		expect(await isDeleting(user.id)).toBe(false);
		expect((await request(client, { plan: "now" })).status).toBe(200);
		expect(await statesOf()).toEqual(["canceled"]);
		await deleteNow(user.id);
		expect(await rowsWith(user.email)).toEqual({});
	});

	test("can run until the end of its period: the deletion waits, and the account can be kept until then", async () => {
		const client = new Client();
		const user = await client.subscribe();
		await eventually(async () => expect((await client.usage()).tier).toBe("paid"));
		const [plan] = (await viewOf(client)).plans;
		const { dueAt } = await (await request(client, { plan: "period-end" })).json<{ dueAt: string }>();
		expect(await statesOf()).toEqual(["cancellation_scheduled"]);
		expect(dueAt).toBe(plan?.endsAt);
		const clock = stopAppClock();
		clock.advance(8 * DAY_MS);
		await runCron();
		expect(await isDeleting(user.id)).toBe(true);
	});

	test("stops the deletion, with nothing done, when it cannot be read or cancelled", async () => {
		const client = new Client();
		const user = await client.subscribe();
		await eventually(async () => expect((await client.usage()).tier).toBe("paid"));
		await faults({ api: [{ path: "/api/v1/subscriptions/*", status: 500 }] });
		const refused = await request(client, { plan: "now" });
		expect(refused.status).toBe(502);
		expect((await refused.json<{ detail: string }>()).detail).toMatch(/Nothing was deleted\.$/);
		await faults({ api: [{ path: "/api/v1/*", status: 500 }] });
		await ledgerOf(`user:${user.id}`).noteChange(`user:${user.id}`);
		expect((await request(client, { plan: "now" })).status).toBe(502);
		await faults({});
		expect(await statesOf()).toEqual(["active"]);
		expect((await client.usage()).tier).toBe("paid");
		expect(await isDeleting(user.id)).toBe(false);
	});

	test("keeps the account when it was bought through a checkout that was open at the request", async () => {
		const client = new Client();
		const user = await client.signUp();
		await client.confirm(user.email);
		const url = await client.checkout("pro_monthly");
		expect((await request(client)).status).toBe(200);
		await pay(url);
		await deleteNow(user.id);
		expect(await isDeleting(user.id)).toBe(false);
		expect((await (await signIn(user.email)).usage()).tier).toBe("paid");
	});
});

describe("the organizations of a deleted account", () => {
	async function found(name = "Acme") {
		const owner = new Client();
		const user = await owner.signUp();
		await owner.confirm(user.email);
		const { id: organizationId } = await (await owner.post("/api/auth/organization/create", { name, slug: id() })).json<{ id: string }>();
		return { owner, user, organizationId };
	}

	async function join(owner: Client, organizationId: string, role: string) {
		const member = new Client();
		const user = await member.signUp();
		await member.confirm(user.email);
		const invited = await owner.post("/api/auth/organization/invite-member", { email: user.email, role, organizationId });
		await member.post("/api/auth/organization/accept-invitation", { invitationId: (await invited.json<{ id: string }>()).id });
		return { member, user };
	}

	const rolesIn = async (organizationId: string) => {
		const { results } = await env.DB.prepare("SELECT user_id, role FROM members WHERE organization_id = ?").bind(organizationId).all();
		return Object.fromEntries(results.map(({ user_id, role }) => [user_id, role]));
	};
	const memberIdOf = async (userId: string) =>
		(await env.DB.prepare("SELECT id FROM members WHERE user_id = ?").bind(userId).first<{ id: string }>())?.id;

	test("must be handed over or deleted first", async () => {
		const { owner, user, organizationId } = await found();
		expect(await viewOf(owner)).toMatchObject({ organizations: [{ id: organizationId, name: "Acme" }] });
		expect(await codeOf(await request(owner))).toBe("409 organization-needs-an-owner");
		const { user: heir } = await join(owner, organizationId, "member");
		await owner.post("/api/auth/organization/update-member-role", { organizationId, memberId: await memberIdOf(heir.id), role: "owner" });
		expect((await request(owner)).status).toBe(200);
		// A user who is leaving owns nothing, so no organization is left without an owner.
		expect(await rolesIn(organizationId)).toEqual({ [user.id]: "admin", [heir.id]: "owner" });
		const heirs = await signIn(heir.email);
		const back = await heirs.post("/api/auth/organization/update-member-role", {
			organizationId,
			memberId: await memberIdOf(user.id),
			role: "owner",
		});
		expect([back.status, (await back.json<{ code: string }>()).code]).toEqual([400, "MEMBER_IS_LEAVING"]);
		await deleteNow(user.id);
		expect(await rolesIn(organizationId)).toEqual({ [heir.id]: "owner" });
	});

	test("keep an owner when both owners leave at the same moment", async () => {
		const { owner, organizationId } = await found();
		const { member: second } = await join(owner, organizationId, "owner");
		const answers = await Promise.all([request(owner), request(second)]);
		expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
		expect(Object.values(await rolesIn(organizationId)).filter((role) => role === "owner")).toHaveLength(1);
	});

	test("can be deleted only by their owners: members, invitations and the customer link are deleted, the ledger keeps its rows", async () => {
		const { owner, organizationId } = await found();
		const { member, user } = await join(owner, organizationId, "admin");
		await owner.post("/api/auth/organization/invite-member", { email: `${id()}@example.com`, role: "member", organizationId });
		expect(await codeOf(await request(member, { organizationId }))).toBe("403 only-for-owners");
		expect(await codeOf(await request(new Client(), { organizationId }))).toBe("401 not-signed-in");
		const key = `org:${organizationId}`;
		await ledgerOf(key).grant(key, id(), 5, null);
		const stored = await leftIn(ledgerOf(key));
		expect(await (await request(owner, { organizationId })).json()).toEqual({ dueAt: null });
		const { sessions: _active, ledger_reports: _report, ...rows } = await rowsWith(organizationId);
		expect(rows).toEqual({});
		expect(await leftIn(ledgerOf(key))).toEqual(stored);
		expect((await owner.usage()).tier).toBe("free");
		expect((await member.fetch("/api/usage")).status).toBe(200);
		expect((await signIn(user.email)).cookies.size).toBeGreaterThan(0);
	});

	test("are deleted when the plan's period ends if the owner chooses so, and can be kept until then", async () => {
		const { owner, organizationId } = await found();
		await owner.post("/api/auth/organization/set-active", { organizationId });
		await owner.buy("pro_monthly");
		await eventually(async () => expect((await owner.usage()).tier).toBe("paid"));
		const query = `?organization=${organizationId}`;
		expect(await codeOf(await request(owner, { organizationId }))).toBe("409 plan-choice-needed");
		const [plan] = (await viewOf(owner, query)).plans;
		expect(await (await request(owner, { organizationId, plan: "period-end" })).json()).toEqual({ dueAt: plan?.endsAt });
		await runCron();
		expect((await owner.usage()).tier).toBe("paid");
		expect((await viewOf(owner, query)).dueAt).toBe(plan?.endsAt);
		expect((await keep(owner, query)).status).toBe(204);
		expect((await viewOf(owner, query)).dueAt).toBe(null);
		expect(await (await request(owner, { organizationId, plan: "now" })).json()).toEqual({ dueAt: null });
		expect((await owner.usage()).tier).toBe("free");
	});
});
