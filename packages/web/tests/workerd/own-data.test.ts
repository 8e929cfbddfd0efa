import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { ExportedTurn } from "../../src/chat-document.ts";
import type { OwnUsagePage } from "../../src/view/own-data.ts";
import { Client, eventually, resetSandbox } from "../client.ts";

// What an account can export besides the text of its chats (docs/retention.md).

const id = () => crypto.randomUUID();
const jsonOf = async (client: Client, path: string) => {
	const response = await client.fetch(path);
	expect([path, response.status, response.headers.get("cache-control")]).toEqual([path, 200, "private, no-store"]);
	return response.json<Record<string, unknown>>();
};
const usageOf = async (client: Client, after?: string): Promise<OwnUsagePage> =>
	(await client.fetch(`/api/account/usage${after === undefined ? "" : `?${new URLSearchParams({ after })}`}`)).json();

beforeEach(resetSandbox);

describe("the export of an account", () => {
	test("contains its own profile, ways in, sessions, settings, organizations, invitations and shares only, and nothing that grants access", async () => {
		const client = new Client();
		const { id: userId, email } = await client.signUp();
		await client.confirm(email);
		const other = new Client();
		await other.confirm((await other.signUp()).email);
		await client.post("/api/instructions", { about: "I am Ada", answer: "Be kind" });
		await client.post("/api/mail-settings", { tellsUsage: true });
		const { id: organizationId } = await (await client.post("/api/auth/organization/create", { name: "Acme", slug: id() })).json<{
			id: string;
		}>();
		const guest = `${id()}@example.com`;
		await client.post("/api/auth/organization/invite-member", { email: guest, role: "admin", organizationId });
		await env.DB.batch([
			env.DB.prepare(
				"INSERT INTO passkeys (id, user_id, name, public_key, counter, transports, created_at) VALUES (?, ?, 'Firefox', 'the-public-key', 0, '[]', 0)",
			).bind(id(), userId),
			env.DB.prepare("INSERT INTO second_factors (user_id, secret, recovery, enabled_at) VALUES (?, 'the-secret', 'the-codes', NULL)").bind(
				userId,
			),
		]);
		const chat = id();
		await client.chat(chat, id());
		await client.post(`/api/chat/${chat}/share`, { files: false });
		const exported = await jsonOf(client, "/api/account");
		expect(exported).toMatchObject({
			format: "parley.account",
			version: 1,
			profile: { id: userId, email, emailVerified: true },
			waysIn: { accounts: [{ provider: "credential" }], passkeys: [{ name: "Firefox" }], secondFactor: { enabledAt: null } },
			sessions: [{ expiresAt: expect.any(String) }],
			instructions: { about: "I am Ada", answer: "Be kind" },
			mailSettings: { language: "en", tellsUsage: true },
			organizations: [{ id: organizationId, name: "Acme", role: "owner" }],
			invitations: { received: [], sent: [{ organization: "Acme", email: guest, role: "admin", status: "pending" }] },
			shares: [{ chatId: chat, messages: 2 }],
		});
		const { results } = await env.DB.prepare(
			"SELECT token, (SELECT password FROM accounts WHERE user_id = ?1) AS hash FROM sessions WHERE user_id = ?1",
		)
			.bind(userId)
			.all<Record<string, string>>();
		const text = JSON.stringify(exported);
		for (const secret of [...results.flatMap(Object.values), "the-public-key", "the-secret", "the-codes"])
			expect(text).not.toContain(secret);
		expect(JSON.stringify(await jsonOf(other, "/api/account"))).not.toContain(userId);
	});

	test("contains the ledger's requests page by page, each once in its latest version, with totals and corrections", async () => {
		const client = await new Client().visit();
		const chats = [id(), id(), id()];
		for (const chat of chats) await client.chat(chat, id());
		const page = await usageOf(client);
		expect(page.requests.map(({ state, units, chatId, model }) => [state, units, chatId, model]).sort()).toEqual(
			chats.map((chat) => ["settled", 1, chat, "sandbox"]).sort(),
		);
		expect(page).toMatchObject({ next: null, adjustments: [] });
		expect(page.days?.map(({ requests }) => requests)).toEqual([3]);
		expect(JSON.stringify(page)).not.toContain("microDollars");

		const user = new Client();
		const { id: userId } = await user.signUp();
		const ledger = env.USAGE_LEDGER.getByName(`user:${userId}`);
		await ledger.grant(`user:${userId}`, "a gift", 200, null);
		for (let n = 0; n < 60; n += 1)
			await ledger.record(`user:${userId}`, { id: `r${String(n).padStart(3, "0")}`, fingerprint: "f", units: 1, chatId: null });
		const rows: string[] = [];
		for (let after: string | null = ""; after !== null; ) {
			const part: { rows: { id: string }[]; next: string | null } = await ledger.requestsAfter(after, 20);
			rows.push(...part.rows.map((row) => row.id));
			after = part.next;
		}
		expect(rows).toEqual(Array.from({ length: 60 }, (_, n) => `r${String(n).padStart(3, "0")}`));
		expect((await usageOf(user)).adjustments).toMatchObject([{ id: "grant:a gift", units: -200 }]);
		expect((await usageOf(user, "r058")).requests.map(({ requestId }) => requestId)).toEqual(["r059"]);
	});

	test("links the account's own invoices, even while an organization pays", async () => {
		const client = new Client();
		const user = await client.subscribe();
		await client.confirm(user.email).catch(() => {});
		const { id: organizationId } = await (await client.post("/api/auth/organization/create", { name: "Acme", slug: id() })).json<{
			id: string;
		}>();
		await client.post("/api/auth/organization/set-active", { organizationId });
		const payments = await eventually(async () => {
			const found = (await jsonOf(client, "/api/account/payments")) as { plans: object[]; invoices: { url: string | null }[] };
			if (found.invoices.length === 0) throw new Error("no invoice");
			return found;
		});
		expect(payments.plans).toMatchObject([{ name: "Pro" }]);
		expect(payments.invoices[0]?.url).toMatch(/^http/);
	});

	test("is refused to guests, who can export only usage", async () => {
		const guest = await new Client().visit();
		expect((await guest.fetch("/api/account")).status).toBe(401);
		expect((await guest.fetch("/api/account/payments")).status).toBe(401);
		expect(await usageOf(guest)).toEqual({ requests: [], next: null, days: [], adjustments: [] });
	});

	test("names a chat's files by the ids that download them", async () => {
		const client = await new Client().visit();
		const chat = id();
		const upload = await client.fetch(`/api/chat/${chat}/files?name=notes.txt`, { method: "POST", body: "My notes" });
		const part = await upload.json<{ url: string }>();
		const parts = [part, { type: "text", text: "Read this" }];
		await (
			await client.post("/api/chat/ai", { id: chat, messages: [{ id: id(), role: "user", parts }], trigger: "submit-message" })
		).text();
		const { turns } = await (await client.fetch(`/api/chat/${chat}/export?format=json`)).json<{ turns: ExportedTurn[] }>();
		const [file] = turns[0]?.question?.files ?? [];
		expect(file).toMatchObject({ name: "notes.txt", bytes: 8 });
		expect(await (await client.fetch(`/api/chat/${chat}/files/${file?.id}`)).text()).toBe("My notes");
	});
});
