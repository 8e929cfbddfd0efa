import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

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
async function join(owner: Client, organizationId: string) {
	const member = new Client();
	const user = await member.signUp();
	await member.confirm(user.email);
	const { id: invitationId } = await ok<{ id: string }>(
		owner.post("/api/auth/organization/invite-member", { email: user.email, role: "member", organizationId }),
	);
	await ok(member.post("/api/auth/organization/accept-invitation", { invitationId }));
	await ok(member.post("/api/auth/organization/set-active", { organizationId }));
	return { member, user };
}

/** Buys a plan at the provider, without our pages. */
async function sell(organizationId: string) {
	// The customer is created after the response, or by this read.
	await ledgerOf(organizationId).refresh(keyOf(organizationId));
	const checkoutSession = {
		type: "product",
		customerExternalId: organizationId,
		priceSlug: "pro_monthly",
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

const personal = (user: { id: string }) => env.USAGE_LEDGER.getByName(`user:${user.id}`).usage(`user:${user.id}`);

describe("an organization", () => {
	test("has its own customer, with its owner's address", async () => {
		const { organizationId, user } = await found();
		await eventually(async () => {
			const { customers } = (await sandboxState()) as unknown as { customers: { externalId: string; email: string; name: string }[] };
			expect(customers).toContainEqual(expect.objectContaining({ externalId: organizationId, email: user.email, name: "Acme" }));
		});
	});

	test("without a plan has no units: members' requests count on their own allowances", async () => {
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
		expect(await member.usage()).toMatchObject({ used: 2, remaining: 998 });
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

	test("can be corrected by an entry for one member's request", async () => {
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

	test("pays only while it is active: a member's own plan is separate", async () => {
		const { owner, user, organizationId } = await found();
		await sell(organizationId);
		await ok(owner.post("/api/auth/organization/set-active", { organizationId: null }));
		await owner.chat(id(), id());
		expect(await owner.usage()).toMatchObject({ tier: "free", used: 1 });
		await ok(owner.post("/api/auth/organization/set-active", { organizationId }));
		expect(await owner.usage()).toMatchObject({ tier: "paid", used: 0, remaining: 1000 });
		expect(await personal(user)).toMatchObject({ used: 1 });
	});

	test("that gets its plan between a request and its repeat leaves the unit where it was counted first", async () => {
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

	test("that gets its plan between a failure and the retry pays for the retry", async () => {
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
	test("is bound by the cap exactly under concurrent requests, without affecting other members", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		await sell(organizationId);
		await ok(owner.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember: 3 } }));
		await faults({ model: { firstTokenMs: 300 } });
		const answers = await Promise.all(Array.from({ length: 20 }, () => member.chat(id(), id())));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
		for (const { problem } of answers.filter(({ status }) => status !== 200)) {
			expect(problem).toMatchObject({ status: 429, policy: "member", limit: 3, remaining: 0, upgradeUrl: "/account" });
		}
		expect(await member.usage()).toMatchObject({ remaining: 0, used: 3, organization: { member: { limit: 3, used: 3, held: 0 } } });
		expect((await owner.chat(id(), id())).status).toBe(200);
		await ok(owner.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember: null } }));
		expect((await member.chat(id(), id())).status).toBe(200);
	});

	test("who is removed spends no more units from the next request on", async () => {
		const { owner, organizationId } = await found();
		const { member, user } = await join(owner, organizationId);
		await sell(organizationId);
		await member.chat(id(), id());
		await ok(owner.post("/api/auth/organization/remove-member", { memberIdOrEmail: user.email, organizationId }));
		await member.chat(id(), id());
		expect(await member.usage()).toMatchObject({ tier: "free", used: 1 });
		expect(await owner.usage()).toMatchObject({ tier: "paid", used: 1 });
	});

	test("costs one database query a request, which reads the session and the membership", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		await sell(organizationId);
		const prepare = vi.spyOn(env.DB, "prepare");
		// Only the member's own queries: background work of earlier answers reads the database too.
		const queries = () => prepare.mock.calls.filter(([statement]) => /"sessions"|requests_per_member/.test(statement));
		await member.chat(id(), id());
		expect(queries()).toHaveLength(1);
		await member.chat(id(), id());
		expect(queries()).toHaveLength(2);
		prepare.mockRestore();
	});

	test("may not buy, change or view payments; an admin may", async () => {
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

	test("may neither change the cap nor invite", async () => {
		const { owner, organizationId } = await found();
		const { member } = await join(owner, organizationId);
		const update = await member.post("/api/auth/organization/update", { organizationId, data: { requestsPerMember: 1000 } });
		const invite = await member.post("/api/auth/organization/invite-member", { email: "x@example.com", role: "member", organizationId });
		expect([update.status, invite.status]).toEqual([403, 403]);
	});
});

describe("an invitation", () => {
	test("is mailed, and can be accepted only by the confirmed address that it was sent to", async () => {
		const { owner, organizationId } = await found();
		const invited = new Client();
		const { email } = await invited.signUp();
		await ok(owner.post("/api/auth/organization/invite-member", { email, role: "member", organizationId }));
		const { mailbox } = await sandboxState();
		const mail = mailbox.find((one) => one.to === email && one.subject === "Join Acme on Parley");
		const invitationId = /\/invitation\/([\w-]+)/.exec(mail?.text ?? "")?.[1];
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

	test("an organization cannot have an empty or endless name", async () => {
		const owner = new Client();
		await owner.signUp();
		for (const name of [" ", "n".repeat(101)]) {
			expect((await owner.post("/api/auth/organization/create", { name, slug: id() })).status).toBe(400);
		}
	});
});
