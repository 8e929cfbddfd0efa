import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Client, eventually, faults, resetSandbox, type SandboxState, sandboxState, settings } from "../client.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const keyOf = (organizationId: string) => `org:${organizationId}`;
const ledgerOf = (organizationId: string) => env.USAGE_LEDGER.getByName(keyOf(organizationId));

async function ok<T>(answer: Promise<Response>): Promise<T> {
	const response = await answer;
	if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
	return response.json();
}

/** A confirmed user who creates an organization and makes it active. */
async function found(name = "Acme") {
	const owner = new Client();
	const user = await owner.signUp();
	await owner.confirm(user.email);
	const organization = await ok<{ id: string }>(owner.post("/api/auth/organization/create", { name, slug: id() }));
	// Renews the session cookie, which caches the session for a minute.
	await ok(owner.post("/api/auth/organization/set-active", { organizationId: organization.id }));
	return { owner, user, organizationId: organization.id };
}

/** A user who accepts an invitation and makes the organization active. */
async function join(owner: Client, organizationId: string, role = "member") {
	const member = new Client();
	const user = await member.signUp();
	await member.confirm(user.email);
	const { id: invitationId } = await ok<{ id: string }>(
		owner.post("/api/auth/organization/invite-member", { email: user.email, role, organizationId }),
	);
	await ok(member.post("/api/auth/organization/accept-invitation", { invitationId }));
	await ok(member.post("/api/auth/organization/set-active", { organizationId }));
	return { member, user };
}

/** How many members have each role. */
async function rolesIn(organizationId: string): Promise<Record<string, number>> {
	const rows = env.DB.prepare("SELECT role, count(*) AS n FROM members WHERE organization_id = ? GROUP BY role").bind(organizationId);
	return Object.fromEntries((await rows.all<{ role: string; n: number }>()).results.map(({ role, n }) => [role, n]));
}

/** The membership of a user in exactly one organization. */
async function memberIdOf(userId: string): Promise<string | undefined> {
	return (await env.DB.prepare("SELECT id FROM members WHERE user_id = ?").bind(userId).first<{ id: string }>())?.id;
}

const mailsTo = ({ mailbox }: SandboxState, email: string) =>
	mailbox.filter(({ to, subject }) => to === email && subject.startsWith("Join"));

/** Buys a plan at the provider, bypassing our pages. */
async function sell(organizationId: string, priceSlug = "pro_monthly") {
	// The customer is created after the response, or by this read.
	await ledgerOf(organizationId).refresh(keyOf(organizationId));
	const checkoutSession = {
		type: "product",
		customerExternalId: organizationId,
		priceSlug,
		successUrl: "http://localhost/",
		cancelUrl: "http://localhost/",
	};
	const headers = { authorization: "sk_test_sandbox", "content-type": "application/json" };
	const session = fetch(`${env.SANDBOX_URL}/api/v1/checkout-sessions`, {
		method: "POST",
		headers,
		body: JSON.stringify({ checkoutSession }),
	});
	const { url } = await ok<{ url: string }>(session);
	await (await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" })).body?.cancel();
	await ledgerOf(organizationId).refresh(keyOf(organizationId));
}

/** Cancels a customer's plan at the provider, effective immediately. */
async function endPlan(externalId: string): Promise<void> {
	const { customers, subscriptions } = await sandboxState();
	const customer = customers.find((one) => one.externalId === externalId);
	const plan = subscriptions.find((one) => one.customerId === customer?.id && !one.isFreePlan && one.status === "active");
	await ok(
		fetch(`${env.SANDBOX_URL}/api/v1/subscriptions/${plan?.id}/cancel`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({ cancellation: { timing: "immediately" } }),
		}),
	);
}

const personal = (user: { id: string }) => env.USAGE_LEDGER.getByName(`user:${user.id}`).usage(`user:${user.id}`);

describe("an organization", () => {
	test("has its own customer with its owner's address", async () => {
		const { organizationId, user } = await found();
		await eventually(async () => {
			const { customers } = (await sandboxState()) as unknown as { customers: { externalId: string; email: string; name: string }[] };
			expect(customers).toContainEqual(expect.objectContaining({ externalId: organizationId, email: user.email, name: "Acme" }));
		});
	});

	test("without a plan has no units: members' requests count against their own allowances", async () => {
		const { owner, user, organizationId } = await found();
		expect((await owner.chat(id(), id())).metadata.counted).toBe(true);
		expect(await owner.usage()).toMatchObject({ tier: "free", limit: 20, used: 1 });
		expect(await owner.usage()).not.toHaveProperty("organization");
		expect(await personal(user)).toMatchObject({ used: 1 });
		expect(await ledgerOf(organizationId).usage(keyOf(organizationId))).toMatchObject({ limit: 0, used: 0, remaining: 0 });
	});

	test("shares its plan with all members, and reports each request once", async () => {
		const { owner, user, organizationId } = await found();
		const { member, user: colleague } = await join(owner, organizationId);
		await sell(organizationId);
		const requests = [id(), id()];
		await owner.chat(id(), requests[0] ?? "");
		await member.chat(id(), requests[1] ?? "");
		await member.chat(id(), requests[1] ?? "", { text: "another body, the same id" });
		expect(await owner.usage()).toMatchObject({
			tier: "paid",
			used: 2,
			remaining: 998,
			organization: { name: "Acme", member: { limit: null, used: 1, held: 0 } },
		});
		expect(await member.usage()).toMatchObject({ used: 2, remaining: 199, organization: { member: { limit: 200, used: 1 } } });
		expect(await personal(user)).toMatchObject({ used: 0, remaining: 20 });
		expect(await personal(colleague)).toMatchObject({ used: 0, remaining: 20 });
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(organizationId));
			expect((await sandboxState()).usageEvents).toHaveLength(2);
		});
		const names = (await sandboxState()).usageEvents.map(({ transactionId }) => transactionId);
		expect(names.sort()).toEqual(
			[`org:${organizationId}:user:${user.id}:${requests[0]}`, `org:${organizationId}:user:${colleague.id}:${requests[1]}`].sort(),
		);
	});

	test("shows its daily totals to the members who manage its plan; the others see only their own", async () => {
		const { owner, user, organizationId } = await found();
		const { member, user: colleague } = await join(owner, organizationId);
		await sell(organizationId);
		const terms = { model: "m", effort: null, steps: 1, version: "v" };
		for (const [at, key] of [keyOf(organizationId), `user:${user.id}`, `user:${colleague.id}`].entries()) {
			await env.USAGE_LEDGER.getByName(key).record(key, { id: "r", fingerprint: "f", units: at + 1, terms, chatId: null });
		}
		const unitsOf = async (client: Client) => {
			const { days } = await ok<{ days: { units: number }[] }>(client.fetch("/api/usage"));
			return days.map(({ units }) => units);
		};
		expect(await unitsOf(owner)).toEqual([1]);
		expect(await unitsOf(member)).toEqual([3]);
	});

	test("refuses when its plan is used up, without falling back to members' own units", async () => {
		const { owner, user, organizationId } = await found();
		await sell(organizationId);
		await ok(owner.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1000, transactionId: "all" }));
		const { status, problem } = await owner.chat(id(), id());
		expect([status, problem?.policy, problem?.remaining]).toEqual([429, "paid", 0]);
		expect(await personal(user)).toMatchObject({ used: 0 });
		expect((await sandboxState()).usageEvents).toMatchObject([
			{ amount: 1000, transactionId: `org:${organizationId}:user:${user.id}:all` },
		]);
	});

	test("can be corrected by an adjustment for one member's request", async () => {
		const { owner, user, organizationId } = await found();
		await sell(organizationId);
		const requestId = id();
		await owner.chat(id(), requestId);
		const admin = new Client();
		const { email } = await admin.signUp("organization-admin@example.com");
		await admin.confirm(email);
		const sorry = { organizationId, id: "sorry", units: -1, requestId: `user:${user.id}:${requestId}` };
		const answers = [await admin.post("/api/admin/corrections", sorry), await admin.post("/api/admin/corrections", sorry)];
		expect(answers.map(({ status }) => status)).toEqual([201, 201]);
		expect((await admin.post("/api/admin/corrections", { ...sorry, userId: user.id })).status).toBe(400);
		expect(await owner.usage()).toMatchObject({ used: 0, organization: { member: { used: 0 } } });
	});

	test("without a plan leaves usage events to the member's own plan", async () => {
		const { owner, user, organizationId } = await found();
		await ok(owner.post("/api/auth/organization/set-active", { organizationId: null }));
		await owner.buy("pro_monthly");
		await ok(owner.post("/api/auth/organization/set-active", { organizationId }));
		await ok(owner.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 3, transactionId: "mine" }));
		expect(await personal(user)).toMatchObject({ tier: "paid", used: 3 });
		expect((await sandboxState()).usageEvents).toMatchObject([{ amount: 3, transactionId: `user:${user.id}:mine` }]);
	});

	test("pays only while it is active: a member's own plan stays separate", async () => {
		const { owner, user, organizationId } = await found();
		await sell(organizationId);
		await ok(owner.post("/api/auth/organization/set-active", { organizationId: null }));
		await owner.chat(id(), id());
		expect(await owner.usage()).toMatchObject({ tier: "free", used: 1 });
		await ok(owner.post("/api/auth/organization/set-active", { organizationId }));
		expect(await owner.usage()).toMatchObject({ tier: "paid", used: 0, remaining: 1000 });
		expect(await personal(user)).toMatchObject({ used: 1 });
	});

	test("that gets a plan between a request and its repeat leaves the unit where it was first counted", async () => {
		const { owner, user, organizationId } = await found();
		const [chat, request] = [id(), id()];
		const first = await owner.chat(chat, request);
		await sell(organizationId);
		const again = await owner.chat(chat, request);
		expect([again.id, again.text]).toEqual([first.id, first.text]);
		expect(await personal(user)).toMatchObject({ used: 1, held: 0 });
		expect(await owner.usage()).toMatchObject({ used: 0, held: 0, remaining: 1000 });
		expect((await sandboxState()).modelCalls).toHaveLength(1);
	});

	test("that gets a plan between a failure and its retry pays for the retry", async () => {
		const { owner, user, organizationId } = await found();
		const [chat, request] = [id(), id()];
		await faults({ model: { failBeforeOutput: true } });
		expect((await owner.chat(chat, request)).last).toBe("error");
		await faults({});
		await sell(organizationId);
		expect((await owner.chat(chat, request)).metadata).toMatchObject({ state: "complete", counted: true });
		expect(await personal(user)).toMatchObject({ used: 0, held: 0 });
		expect(await owner.usage()).toMatchObject({ used: 1, held: 0 });
	});
});

describe("a member", () => {
	test("never exceeds the cap under concurrent requests, and does not affect other members", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		await sell(organizationId);
		await ok(owner.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember: 3 } }));
		await faults({ model: { firstTokenMs: 300 } });
		const answers = await Promise.all(Array.from({ length: 20 }, () => member.chat(id(), id())));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
		for (const { problem } of answers.filter(({ status }) => status !== 200)) {
			expect(problem).toMatchObject({ status: 429, policy: "member", limit: 3, remaining: 0, upgradeUrl: "/account/organization" });
		}
		expect(await member.usage()).toMatchObject({ remaining: 0, used: 3, organization: { member: { limit: 3, used: 3, held: 0 } } });
		expect((await owner.chat(id(), id())).status).toBe(200);
		await ok(owner.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember: null } }));
		expect((await member.chat(id(), id())).status).toBe(200);
	});

	test("without an explicit cap gets a fifth of the plan for requests and usage events together; owners and admins get all of it", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		await sell(organizationId);
		expect(await member.usage()).toMatchObject({ remaining: 200, organization: { member: { limit: 200 } } });
		const spend = (client: Client, amount: number) => client.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount });
		const beyond = await spend(member, 1000);
		expect([beyond.status, await beyond.json()]).toEqual([429, expect.objectContaining({ policy: "member", limit: 200, remaining: 200 })]);
		const racing = await Promise.all(Array.from({ length: 6 }, () => spend(member, 40)));
		expect(racing.filter(({ status }) => status === 201)).toHaveLength(5);
		expect((await member.chat(id(), id())).status).toBe(429);
		expect(await owner.usage()).toMatchObject({ remaining: 800, organization: { member: { limit: null } } });
		expect((await owner.chat(id(), id())).status).toBe(200);
	});

	test("without an explicit cap gets a fifth of whatever plan the organization has", async () => {
		await settings({ maxPlan: true });
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		await sell(organizationId, "max_monthly");
		expect(await member.usage()).toMatchObject({ remaining: 600, organization: { member: { limit: 600 } } });
		const spend = (amount: number) => member.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount });
		expect([(await spend(601)).status, (await spend(600)).status, (await spend(1)).status]).toEqual([429, 201, 429]);
	});

	test("who is removed spends no more units, starting with the next request", async () => {
		const { owner, organizationId } = await found();
		const { member, user } = await join(owner, organizationId);
		await sell(organizationId);
		await member.chat(id(), id());
		await ok(owner.post("/api/auth/organization/remove-member", { memberIdOrEmail: user.email, organizationId }));
		await member.chat(id(), id());
		expect(await member.usage()).toMatchObject({ tier: "free", used: 1 });
		expect(await owner.usage()).toMatchObject({ tier: "paid", used: 1 });
	});

	test("costs one database query per request, which reads the session and the membership", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		await sell(organizationId);
		const prepare = vi.spyOn(env.DB, "prepare");
		// Counts only the member's own queries: background work for earlier answers reads the database too.
		const queries = () => prepare.mock.calls.filter(([statement]) => /"sessions"|requests_per_member/.test(statement));
		await member.chat(id(), id());
		expect(queries()).toHaveLength(1);
		await member.chat(id(), id());
		expect(queries()).toHaveLength(2);
		prepare.mockRestore();
	});

	test("cannot buy, change or view payments; an admin can", async () => {
		const { owner, organizationId } = await found();
		const { member, user } = await join(owner, organizationId);
		const answers = [
			member.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" }),
			member.post("/api/flowglad/checkout-sessions/create", { priceSlug: "pro_monthly", successUrl: "/", cancelUrl: "/" }),
			member.post("/api/flowglad/customers/billing", {}),
			member.fetch("/api/flowglad/billing"),
		];
		for (const answer of await Promise.all(answers)) {
			expect([answer.status, (await answer.json<{ title: string }>()).title]).toEqual([403, "Only for owners"]);
		}
		expect((await member.post("/api/flowglad/usage-meters/balances", {})).status).toBe(200);
		const { members } = await ok<{ members: { id: string; userId: string }[] }>(owner.fetch("/api/auth/organization/list-members"));
		const memberId = members.find(({ userId }) => userId === user.id)?.id;
		await ok(owner.post("/api/auth/organization/update-member-role", { memberId, role: "admin", organizationId }));
		await member.buy("pro_monthly");
		expect(await member.usage()).toMatchObject({ tier: "paid", remaining: 1000, organization: { name: "Acme" } });
		expect(await personal(user)).toMatchObject({ tier: "free" });
	});

	test("can neither change the cap nor invite", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		const update = await member.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember: 1000 } });
		const invite = await member.post("/api/auth/organization/invite-member", { email: "x@example.com", role: "member", organizationId });
		expect([update.status, invite.status]).toEqual([403, 403]);
	});
});

describe("an invitation", () => {
	test("is mailed, and can be accepted only with the confirmed address it was sent to", async () => {
		const { owner, organizationId } = await found();
		const invited = new Client();
		const { email } = await invited.signUp();
		await ok(owner.post("/api/auth/organization/invite-member", { email, role: "member", organizationId }));
		// The mail is sent after the response.
		const invitationId = await eventually(async () => {
			const { mailbox } = await sandboxState();
			const mail = mailbox.find((one) => one.to === email && one.subject === "Join Acme on Parley");
			const found = /\/invitation\/([\w-]+)/.exec(mail?.text ?? "")?.[1];
			expect(found).toBeDefined();
			return found;
		});
		const stranger = new Client();
		const { email: other } = await stranger.signUp();
		await stranger.confirm(other);
		expect((await stranger.post("/api/auth/organization/accept-invitation", { invitationId })).status).toBe(403);
		expect((await invited.post("/api/auth/organization/accept-invitation", { invitationId })).status).toBe(403);
		await invited.confirm(email);
		expect((await invited.post("/api/auth/organization/accept-invitation", { invitationId })).status).toBe(200);
	});

	test("can be sent only by a member with a confirmed address", async () => {
		const owner = new Client();
		const { email } = await owner.signUp();
		const { id: organizationId } = await ok<{ id: string }>(owner.post("/api/auth/organization/create", { name: "Acme", slug: id() }));
		const invite = () => owner.post("/api/auth/organization/invite-member", { email: "x@example.com", role: "member", organizationId });
		expect((await invite()).status).toBe(403);
		await owner.confirm(email);
		expect((await invite()).status).toBe(200);
	});

	test.each([[0], [-1], [1.5], ["many"], [10_000_000]])("an organization cannot have a cap of %s", async (requestsPerMember) => {
		const { owner, organizationId } = await found();
		const answer = await owner.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember } });
		expect(answer.status).toBe(400);
	});

	test("an organization's name is one line of at most 60 characters, without addresses", async () => {
		const { owner, organizationId } = await found();
		for (const name of [" ", "n".repeat(61), "Acme\r\nBcc: all", "see evil.example", ["Acme"], {}, 7, null]) {
			expect((await owner.post("/api/auth/organization/create", { name, slug: id() })).status, JSON.stringify(name)).toBe(400);
			const update = await owner.post("/api/auth/organization/update", { organizationId, data: { name } });
			expect(update.status, JSON.stringify(name)).toBe(400);
		}
	});

	test("is sent once per 10 minutes to an address, however often it is requested", async () => {
		const { owner, organizationId } = await found();
		const email = `${id()}@example.com`;
		const body = { email, role: "member", organizationId, resend: true };
		const answers = await Promise.all(Array.from({ length: 30 }, () => owner.post("/api/auth/organization/invite-member", body)));
		expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 29 }, () => 429)]);
		const refused = answers.find(({ status }) => status === 429);
		expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(500);
		await eventually(async () => expect(mailsTo(await sandboxState(), email)).toHaveLength(1));
		// The refused requests leave the sent link valid.
		const { results } = await env.DB.prepare("SELECT status FROM invitations WHERE email = ?").bind(email).all();
		expect(results).toEqual([{ status: "pending" }]);
		const elsewhere = await found("Another");
		const again = { ...body, email: email.toUpperCase(), organizationId: elsewhere.organizationId };
		expect((await elsewhere.owner.post("/api/auth/organization/invite-member", again)).status).toBe(200);
	});

	test("is limited to 20 a day per user, across all addresses and organizations", async () => {
		const { owner, organizationId } = await found();
		const invite = () =>
			owner.post("/api/auth/organization/invite-member", { email: `${id()}@example.com`, role: "member", organizationId });
		const answers = await Promise.all(Array.from({ length: 25 }, invite));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
		expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
	});

	test("shows a name stored before the rule as one line in the mail", async () => {
		const { owner, organizationId } = await found();
		await env.DB.prepare("UPDATE organizations SET name = ? WHERE id = ?").bind("X\r\nBcc: all", organizationId).run();
		const email = `${id()}@example.com`;
		await ok(owner.post("/api/auth/organization/invite-member", { email, role: "member", organizationId }));
		await eventually(async () => expect(mailsTo(await sandboxState(), email)).toMatchObject([{ subject: "Join X Bcc: all on Parley" }]));
	});

	test("is void once its inviter may no longer grant its role", async () => {
		const { owner, organizationId } = await found();
		const { member: second, user } = await join(owner, organizationId, "owner");
		const invited = new Client();
		const { email } = await invited.signUp();
		await invited.confirm(email);
		const { id: invitationId } = await ok<{ id: string }>(
			second.post("/api/auth/organization/invite-member", { email, role: "owner", organizationId }),
		);
		await ok(
			owner.post("/api/auth/organization/update-member-role", { memberId: await memberIdOf(user.id), role: "admin", organizationId }),
		);
		expect((await invited.post("/api/auth/organization/accept-invitation", { invitationId })).status).toBe(400);
		expect(await rolesIn(organizationId)).toEqual({ admin: 1, owner: 1 });
	});
});

describe("a role", () => {
	const ODD: unknown[] = [
		"admin, owner",
		" owner",
		"owner ,member",
		"member,owner",
		"Owner",
		"owner\u0000",
		"",
		["admin", " owner"],
		["owner"],
		{ role: "owner" },
		null,
		7,
	];

	test("is exactly owner, admin or member on every route that accepts one", async () => {
		const { owner, organizationId } = await found();
		const { user } = await join(owner, organizationId);
		const memberId = await memberIdOf(user.id);
		for (const role of ODD) {
			const invite = await owner.post("/api/auth/organization/invite-member", { email: `${id()}@example.com`, role, organizationId });
			const update = await owner.post("/api/auth/organization/update-member-role", { memberId, role, organizationId });
			expect([invite.status, update.status], JSON.stringify(role)).toEqual([400, 400]);
		}
		expect(await rolesIn(organizationId)).toEqual({ member: 1, owner: 1 });
	});

	test("of owner can be granted by owners only", async () => {
		const { owner, organizationId } = await found();
		const { member: admin, user } = await join(owner, organizationId, "admin");
		const { user: colleague } = await join(owner, organizationId);
		const invite = { email: `${id()}@example.com`, role: "owner", organizationId };
		const [own, other] = await Promise.all([memberIdOf(user.id), memberIdOf(colleague.id)]);
		const founder = (
			await env.DB.prepare("SELECT id FROM members WHERE organization_id = ? AND role = 'owner'")
				.bind(organizationId)
				.first<{ id: string }>()
		)?.id;
		const answers = await Promise.all([
			admin.post("/api/auth/organization/invite-member", invite),
			admin.post("/api/auth/organization/update-member-role", { memberId: own, role: "owner", organizationId }),
			admin.post("/api/auth/organization/update-member-role", { memberId: other, role: "owner", organizationId }),
			admin.post("/api/auth/organization/update-member-role", { memberId: founder, role: "member", organizationId }),
			admin.post("/api/auth/organization/remove-member", { memberIdOrEmail: founder, organizationId }),
		]);
		expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
		expect(await rolesIn(organizationId)).toEqual({ admin: 1, member: 1, owner: 1 });
	});

	test("in the database is always one of the three, and the last owner remains, whatever writes", async () => {
		const { owner, organizationId } = await found();
		await join(owner, organizationId);
		const run = (statement: string) => env.DB.prepare(statement).bind(organizationId).run();
		const odd = "UPDATE members SET role = 'admin, owner' WHERE organization_id = ? AND role = 'member'";
		await expect(run(odd)).rejects.toThrow("a role is owner, admin or member");
		await expect(run("UPDATE members SET role = 'member' WHERE organization_id = ?")).rejects.toThrow("an organization has an owner");
		await expect(run("DELETE FROM members WHERE organization_id = ?")).rejects.toThrow("an organization has an owner");
		const users = "DELETE FROM users WHERE id IN (SELECT user_id FROM members WHERE organization_id = ?)";
		await expect(run(users)).rejects.toThrow("an organization has an owner");
		await run("DELETE FROM organizations WHERE id = ?");
		expect(await rolesIn(organizationId)).toEqual({});
	});
});

test("the migration repairs roles, invitations and organizations created before the rule", async () => {
	const { owner, user, organizationId } = await found();
	const { user: second } = await join(owner, organizationId);
	const { user: third } = await join(owner, organizationId, "admin");
	await ok(owner.post("/api/auth/organization/invite-member", { email: "odd-role@example.com", role: "admin", organizationId }));
	const repair = env.TEST_MIGRATIONS.find(({ name }) => name.startsWith("0004"))?.queries ?? [];
	const triggers = repair.flatMap((query) => /CREATE TRIGGER `(\w+)`/.exec(query)?.[1] ?? []);
	expect(triggers).toHaveLength(6);
	const setRole = (role: string, userId: string) =>
		env.DB.prepare("UPDATE members SET role = ? WHERE user_id = ?").bind(role, userId).run();
	for (const trigger of triggers) await env.DB.prepare(`DROP TRIGGER ${trigger}`).run();
	try {
		await setRole("member", user.id);
		await setRole("admin, owner", second.id);
		await setRole("admin", third.id);
		await env.DB.prepare("UPDATE invitations SET role = ' owner' WHERE email = 'odd-role@example.com'").run();
		await env.DB.prepare("UPDATE users SET name = ? WHERE id = ?").bind(new Uint8Array(), second.id).run();
	} finally {
		for (const query of repair) if (/UPDATE|CREATE TRIGGER/.test(query)) await env.DB.prepare(query).run();
	}
	// An organization without an exact owner gets its earliest admin as owner.
	expect(await rolesIn(organizationId)).toEqual({ owner: 1, admin: 1, member: 1 });
	expect(await env.DB.prepare("SELECT status, role FROM invitations WHERE email = 'odd-role@example.com'").first()).toEqual({
		status: "canceled",
		role: "member",
	});
	expect(await env.DB.prepare("SELECT name FROM users WHERE id = ?").bind(second.id).first()).toEqual({ name: "User" });
});

describe("concurrent changes", () => {
	type Role = "owner" | "admin" | "member";
	type State = (Role | null)[];
	type Change = { by: number } & ({ kind: "leave" } | { kind: "remove"; whom: number } | { kind: "role"; whom: number; role: Role });

	/** What one change does on its own. */
	function change(state: State, { by, ...what }: Change): { done: boolean; state: State } {
		const refused = { done: false, state };
		const whom = what.kind === "leave" ? by : what.whom;
		const [actor, target] = [state[by], state[whom]];
		const next = what.kind === "role" ? what.role : null;
		if (!actor || !target) return refused;
		const touchesOwner = target === "owner" || next === "owner";
		if (what.kind !== "leave" && (actor === "member" || (actor === "admin" && touchesOwner))) return refused;
		const after = state.with(whom, next);
		return after.includes("owner") ? { done: true, state: after } : refused;
	}

	/** Whether some sequential order of the changes has these outcomes and ends in this state. */
	function isSerial(start: State, changes: { made: Change; done: boolean }[], end: State): boolean {
		if (changes.length === 0) return start.join() === end.join();
		return changes.some(({ made, done }, at) => {
			const alone = change(start, made);
			return alone.done === done && isSerial(alone.state, changes.toSpliced(at, 1), end);
		});
	}

	test("have the same result as some sequential order, with an owner left", async () => {
		const { owner, user, organizationId } = await found();
		const others = await Promise.all(Array.from({ length: 3 }, () => join(owner, organizationId)));
		const people = [{ client: owner, userId: user.id }, ...others.map(({ member, user }) => ({ client: member, userId: user.id }))];
		let seed = 7;
		const pick = <T>(from: readonly T[]): T => {
			seed = (seed * 48_271) % 2_147_483_647;
			const picked = from[seed % from.length];
			if (picked === undefined) throw new Error("nothing to pick from");
			return picked;
		};
		const anyone = [0, 1, 2, 3];
		const roles = ["owner", "owner", "admin", "member"] as const;
		const memberIdAt = (place: number) => `member-${place}-of-${organizationId}`;

		for (let round = 0; round < 15; round += 1) {
			const start: State = ["owner", pick(roles), pick(roles), pick(roles)];
			// Replaced one by one: the founder stays an owner until there is another one.
			for (const [place, role] of start.entries()) {
				const write = "INSERT OR REPLACE INTO members (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, 0)";
				await env.DB.prepare(write).bind(memberIdAt(place), organizationId, people[place]?.userId, role).run();
			}
			const changes = Array.from({ length: 4 }, (): Change => {
				const [by, whom, kind] = [pick(anyone), pick(anyone), pick(["leave", "leave", "remove", "role"] as const)];
				return kind === "role" ? { by, kind, whom, role: pick(roles) } : kind === "remove" ? { by, kind, whom } : { by, kind };
			});
			const outcomes = await Promise.all(
				changes.map(async (made) => {
					const post = (route: string, body: object) =>
						people[made.by]?.client.post(`/api/auth/organization/${route}`, { organizationId, ...body });
					const memberId = made.kind === "leave" ? "" : memberIdAt(made.whom);
					const answer =
						made.kind === "leave"
							? await post("leave", {})
							: made.kind === "remove"
								? await post("remove-member", { memberIdOrEmail: memberId })
								: await post("update-member-role", { memberId, role: made.role });
					return { made, done: answer?.status === 200 };
				}),
			);
			const { results } = await env.DB.prepare("SELECT id, role FROM members WHERE organization_id = ?")
				.bind(organizationId)
				.all<{ id: string; role: Role }>();
			const end = anyone.map((place) => results.find((row) => row.id === memberIdAt(place))?.role ?? null);
			expect(end, JSON.stringify({ start, outcomes })).toContain("owner");
			expect(isSerial(start, outcomes, end), JSON.stringify({ start, outcomes, end })).toBe(true);
		}
	});

	test("by two owners who leave or step down at once leave one owner", async () => {
		const { owner, organizationId, user } = await found();
		const { member, user: second } = await join(owner, organizationId, "owner");
		const stepDown = async (client: Client, { id }: { id: string }) =>
			client.post("/api/auth/organization/update-member-role", { memberId: await memberIdOf(id), role: "member", organizationId });
		const steps = await Promise.all([stepDown(owner, user), stepDown(member, second)]);
		expect(steps.map(({ status }) => status).sort()).toEqual([200, 400]);
		expect(await rolesIn(organizationId)).toEqual({ member: 1, owner: 1 });
		await env.DB.prepare("UPDATE members SET role = 'owner' WHERE organization_id = ?").bind(organizationId).run();
		const leave = (client: Client) => client.post("/api/auth/organization/leave", { organizationId });
		expect((await Promise.all([leave(owner), leave(member)])).map(({ status }) => status).sort()).toEqual([200, 400]);
		expect(await rolesIn(organizationId)).toEqual({ owner: 1 });
	});

	test("that accept one invitation twice create one member", async () => {
		const { owner, organizationId } = await found();
		const invited = new Client();
		const { email } = await invited.signUp();
		await invited.confirm(email);
		const { id: invitationId } = await ok<{ id: string }>(
			owner.post("/api/auth/organization/invite-member", { email, role: "member", organizationId }),
		);
		const accept = () => invited.post("/api/auth/organization/accept-invitation", { invitationId });
		const answers = await Promise.all([accept(), accept(), accept()]);
		expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
		expect(await rolesIn(organizationId)).toEqual({ member: 1, owner: 1 });
	});

	test("that create organizations never exceed ten, each with its owner", async () => {
		const founder = new Client();
		const { id: userId } = await founder.signUp();
		const create = () => founder.post("/api/auth/organization/create", { name: "Acme", slug: id() });
		const answers = await Promise.all(Array.from({ length: 14 }, create));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
		const owned = "SELECT count(*) AS n FROM members WHERE user_id = ? AND role = 'owner'";
		expect(await env.DB.prepare(owned).bind(userId).first()).toEqual({ n: 10 });
	});
});

test("invitees' addresses are shown to owners and admins only", async () => {
	const { owner, organizationId } = await found();
	const { member } = await join(owner, organizationId);
	await ok(owner.post("/api/auth/organization/invite-member", { email: "secret@example.com", role: "member", organizationId }));
	const reads = [
		"list-invitations",
		"get-full-organization",
		"get-organization",
		"list-user-invitations",
		"get-invitation",
		"list",
		"list-members",
	];
	for (const route of reads) {
		const answer = await member.fetch(`/api/auth/organization/${route}?organizationId=${organizationId}`);
		expect(await answer.text(), route).not.toContain("secret@example.com");
	}
	const active = await member.post("/api/auth/organization/set-active", { organizationId });
	expect(await active.text()).not.toContain("secret@example.com");
	expect(await (await member.fetch("/account/organization")).text()).not.toContain("secret@example.com");
	expect(await (await owner.fetch("/account/organization")).text()).toContain("secret@example.com");
});

describe("an API key for an organization", () => {
	const hello = { model: "sandbox", messages: [{ role: "user", content: "Hello" }] };
	const create = (client: Client, organization: string | null, more: object = {}) =>
		client.post("/api/keys", { name: "Team", scopes: ["chat"], organization, ...more });
	const ask = (secret: string, headers: Record<string, string> = {}) =>
		new Client().post("/v1/chat/completions", hello, { authorization: `Bearer ${secret}`, ...headers });

	test("counts for its member and for itself, and ends with the membership", async () => {
		const { owner, organizationId } = await found();
		const { member, user } = await join(owner, organizationId);
		await sell(organizationId);
		const limit = { units: 2, per: "period" };
		const { secret } = await ok<{ secret: string }>(create(member, organizationId, { limit }));
		expect((await ask(secret)).headers.get("x-ratelimit-remaining-requests")).toBe("1");
		await (await ask(secret)).text();
		const refused = await ask(secret);
		expect([refused.status, (await refused.json<{ error: { code: string } }>()).error.code]).toEqual([429, "insufficient_quota"]);
		expect(await member.usage()).toMatchObject({ tier: "paid", organization: { member: { used: 2, held: 0 } } });
		expect(await personal(user)).toMatchObject({ used: 0 });
		const listed = async () => (await ok<{ keys: { organization: string | null }[] }>(member.fetch("/api/keys"))).keys;
		expect(await listed()).toMatchObject([{ organization: "Acme" }]);
		await ok(owner.post("/api/auth/organization/remove-member", { organizationId, memberIdOrEmail: user.email }));
		expect((await ask(secret)).status).toBe(401);
		expect(await listed()).toMatchObject([{ organization: null }]);
	});

	test("has its own limit in the window of the paying ledger: the organization's plan, then the member's plan, then the day", async () => {
		const { owner, user, organizationId } = await found();
		const { secret } = await ok<{ secret: string }>(
			create(owner, organizationId, { scopes: ["chat", "usage"], limit: { units: 2, per: "period" } }),
		);
		const asked = async () => {
			const answers = await Promise.all(Array.from({ length: 6 }, async () => (await ask(secret)).status));
			const admitted = answers.filter((status) => status === 200).length;
			const refused = await ask(secret);
			expect(refused.status).toBe(429);
			const seconds = Number(/^(\d+)s$/.exec(refused.headers.get("x-ratelimit-reset-requests") ?? "")?.[1]);
			return { admitted, endMs: Date.now() + seconds * 1000 };
		};
		const expectWindow = async (standing: { window: { endMs: number | null } }) => {
			const { admitted, endMs } = await asked();
			expect(admitted).toBe(2);
			expect(Math.abs(endMs - (standing.window.endMs ?? 0))).toBeLessThan(60_000);
			const usage = await new Client().fetch("/v1/usage", { headers: { authorization: `Bearer ${secret}` } });
			expect(await usage.json()).toMatchObject({
				remaining: 0,
				key: { used: 2, remaining: 0, resetAt: new Date(standing.window.endMs ?? 0).toISOString() },
			});
		};
		await sell(organizationId);
		await owner.post("/api/auth/organization/set-active", { organizationId: null });
		await owner.buy("pro_monthly");
		await eventually(async () => expect(await personal(user)).toMatchObject({ tier: "paid" }));
		const plan = await ledgerOf(organizationId).usage(keyOf(organizationId));
		await expectWindow(plan);
		expect(await personal(user)).toMatchObject({ used: 0 });
		await endPlan(organizationId);
		await ledgerOf(organizationId).refresh(keyOf(organizationId));
		const own = await personal(user);
		expect(own.window.startMs).not.toBe(plan.window.startMs);
		await expectWindow(own);
		expect(await personal(user)).toMatchObject({ tier: "paid", used: 2 });
		await endPlan(user.id);
		await env.USAGE_LEDGER.getByName(`user:${user.id}`).refresh(`user:${user.id}`);
		const day = await personal(user);
		expect(day.tier).toBe("free");
		await expectWindow(day);
	});

	test("pays once per Idempotency-Key, even if the organization buys a plan between two attempts", async () => {
		const { owner, user, organizationId } = await found();
		const { secret } = await ok<{ secret: string }>(create(owner, organizationId));
		const once = { "idempotency-key": "once" };
		const first = await ask(secret, once);
		await first.text();
		expect(await personal(user)).toMatchObject({ used: 1 });
		await sell(organizationId);
		const call = env.API_CALL.getByName(`call.${first.headers.get("x-request-id")}`);
		await runInDurableObject(call, (_, state) => state.abort("a restart")).catch(() => {});
		expect((await ask(secret, once)).status).toBe(409);
		expect(await ledgerOf(organizationId).usage(keyOf(organizationId))).toMatchObject({ used: 0, held: 0 });
	});

	test("is visible to and revocable by its member and the organization's managers only", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		const { member: colleague } = await join(owner, organizationId);
		const stranger = await found("Other");
		expect((await create(stranger.owner, organizationId)).status).toBe(404);
		const revoke = (client: Client, keyId: string) => client.fetch(`/api/keys/${keyId}`, { method: "DELETE" });
		const { key: own } = await ok<{ key: { id: string } }>(create(member, null, { name: "Mine" }));
		const { key } = await ok<{ key: { id: string } }>(create(member, organizationId, { name: "Night job" }));
		const page = async (client: Client) => (await client.fetch("/account/organization")).text();
		expect(await page(owner)).toContain("Night job");
		expect(await page(owner)).not.toContain("Mine");
		expect(await page(member)).toContain("Night job");
		expect(await page(colleague)).not.toContain("Night job");
		for (const other of [colleague, stranger.owner]) expect((await revoke(other, key.id)).status).toBe(404);
		expect((await revoke(owner, own.id)).status).toBe(404);
		expect((await revoke(owner, key.id)).status).toBe(204);
	});
});
