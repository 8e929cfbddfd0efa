import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { balanceOf, runSandbox, type TestSandbox } from "../testing/harness.ts";
import { scenarios } from "./scenarios.ts";

const play = async (sandbox: TestSandbox, name: string, body: object = {}) => {
	const response = await sandbox.send("POST", `/__sandbox/scenarios/${name}`, body);
	return {
		status: response.status,
		body: (await response.json()) as { text: string; customerId: string; cookies?: string[]; error?: string },
	};
};

/** Plays a scenario and returns its customer's state as the app sees it. */
async function after(sandbox: TestSandbox, name: string, externalId?: string) {
	const existing = (await sandbox.state()).customers.find((one) => one.externalId === externalId);
	const { status, body } = await play(sandbox, name, existing === undefined ? {} : { customerId: existing.id });
	expect(status).toBe(200);
	const customer = (await sandbox.state()).customers.find(({ id }) => id === body.customerId);
	const billing = customer?.archived ? null : await sandbox.flowglad(customer?.externalId ?? "").getBilling();
	return { customer, billing, balance: billing?.checkUsageBalance("ai_requests")?.availableBalance ?? null };
}

describe.each(["somebody new", "user_1"])("scenarios at the provider, for %s", (whom) => {
	const externalId = whom === "user_1" ? "user_1" : undefined;
	const prepared = async () => {
		const sandbox = await runSandbox();
		await sandbox.flowglad("user_1").findOrCreateCustomer();
		return sandbox;
	};
	it.each([
		["pro-999-of-1000", { status: "active", isFreePlan: false }, 1],
		["past-due", { status: "past_due", isFreePlan: false }, 1000],
		["cancelling", { status: "cancellation_scheduled", isFreePlan: false }, 1000],
		["no-subscription", undefined, null],
		["free-past-due", { status: "past_due", isFreePlan: true }, null],
		["payment-under-way", { status: "active", isFreePlan: false }, null],
		["negative-balance", { status: "active", isFreePlan: false }, -503],
		["stranded-credits", { status: "active", isFreePlan: false }, 1000],
		["top-up-without-plan", undefined, null],
		["trial", { status: "trialing", isFreePlan: false }, 1000],
		["two-subscriptions", { status: "active", isFreePlan: false }, 1000],
	])("%s", async (name, subscription, expected) => {
		const { billing, balance } = await after(await prepared(), name, externalId);
		if (subscription === undefined) expect(billing?.currentSubscription).toBeUndefined();
		else expect(billing?.currentSubscription).toMatchObject(subscription);
		expect(billing?.currentSubscriptions).toHaveLength(name === "two-subscriptions" ? 2 : subscription === undefined ? 0 : 1);
		expect(balance).toBe(expected);
	});

	it("archived", async () => {
		const { customer } = await after(await prepared(), "archived", externalId);
		expect(customer?.archived).toBe(true);
	});
});

it("reaches the same state after any other scenario", async () => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	const others = scenarios.filter(({ needsApp, name }) => !needsApp && name !== "archived");
	for (const { name } of others) {
		await after(sandbox, name, "user_1");
		const { balance, billing } = await after(sandbox, "pro-999-of-1000", "user_1");
		expect([name, billing?.currentSubscription?.status, balance]).toEqual([name, "active", 1]);
	}
});

it("past-due: the subscription becomes active after three days", async () => {
	const sandbox = await runSandbox();
	const { customer } = await after(sandbox, "past-due");
	await sandbox.advance(3 * 24 * 60 * 60 * 1000);
	const { currentSubscription } = await sandbox.flowglad(customer?.externalId ?? "").getBilling();
	expect(currentSubscription).toMatchObject({ status: "active" });
	expect(await balanceOf(sandbox, customer?.externalId ?? "")).toBe(1000);
});

it("reaches its state despite active faults and oddities, and keeps them as set", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ failPayments: true, paymentDelayMs: 5000 });
	await sandbox.settings({ noPlanAfterScheduledCancel: false });
	const { billing } = await after(sandbox, "no-subscription");
	expect(billing?.currentSubscription).toBeUndefined();
	const { faults, settings } = await sandbox.state();
	expect(faults).toEqual({ failPayments: true, paymentDelayMs: 5000 });
	expect(settings.noPlanAfterScheduledCancel).toBe(false);
});

/**
 * A minimal app: a cookie per user, a chat count per user, and optional organizations. Like the real one it mails a confirmation link after the
 * sign-up, ends the session when the link is opened, and lets only users with a confirmed address invite and join.
 */
async function startApp({ organizations, sendsMail = true }: { organizations: boolean; sendsMail?: boolean }) {
	let mailTo: string | undefined;
	const confirmed = new Set<string>();
	const chats = new Map<string, number>();
	const members: string[] = [];
	let people = 0;
	const server = createServer(async (request, response) => {
		// An unread body would keep the connection from being reused.
		let text = "";
		for await (const chunk of request) text += chunk;
		const who = /who=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
		const answer = (status: number, body: object = {}, headers: Record<string, string> = {}) =>
			response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
		const cookie = (name: string) => ({ "set-cookie": `who=${name}; Path=/; HttpOnly` });
		people += 1;
		if (request.url === "/") return answer(200, {}, cookie(`guest${people}`));
		if (request.url === "/api/auth/sign-up/email") {
			const { email } = JSON.parse(text);
			const mail = { to: email, subject: "Confirm", text: `Open http://app.example/api/auth/verify-email?token=${email} please` };
			const headers = { "content-type": "application/json" };
			if (sendsMail && mailTo) void fetch(`${mailTo}/__sandbox/mail`, { method: "POST", headers, body: JSON.stringify(mail) });
			return answer(200, { user: { id: `user${people}` } }, cookie(`user${people}`));
		}
		const token = /^\/api\/auth\/verify-email\?token=(.+)$/.exec(request.url ?? "")?.[1];
		if (token !== undefined) {
			confirmed.add(token);
			return answer(302, {}, { location: "/", "set-cookie": "who=; Path=/; Max-Age=0" });
		}
		if (request.url === "/api/auth/sign-in/email") {
			const { email } = JSON.parse(text);
			return answer(confirmed.has(email) ? 200 : 401, {}, cookie(`confirmed${people}`));
		}
		if (request.url === "/api/auth/sign-out") return answer(200, {}, { "set-cookie": "session=; Path=/; Max-Age=0" });
		if (who === undefined) return answer(401);
		if (request.url === "/api/chat/ai") {
			chats.set(who, (chats.get(who) ?? 0) + 1);
			return answer(200);
		}
		if (!organizations) return answer(404, { title: "Not found" });
		const needsConfirmed = /invite-member|accept-invitation/.test(request.url ?? "");
		if (needsConfirmed && !who.startsWith("confirmed")) return answer(403, { code: "EMAIL_NOT_VERIFIED" });
		if (request.url === "/api/auth/organization/accept-invitation") members.push(who);
		return answer(200, { id: request.url === "/api/auth/organization/create" ? "org_1" : `invitation${people}` });
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	const mailsTo = (url: string) => {
		mailTo = url;
	};
	return { appUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, chats, members, mailsTo };
}

describe("scenarios in the app", () => {
	it.each([
		["guest-4-of-5", "guest", 4],
		["free-20-of-20", "user", 20],
	])("%s: sends its chats as one user and returns that user's cookies", async (name, kind, count) => {
		const { appUrl, chats } = await startApp({ organizations: false });
		const { body } = await play(await runSandbox({ appUrl }), name);
		expect([...chats.values()]).toEqual([count]);
		const [who] = [...chats.keys()];
		expect(who).toMatch(kind);
		expect(body.cookies).toEqual([`who=${who}; Path=/; HttpOnly`]);
	});

	it("creates an organization of three with Pro", async () => {
		const { appUrl, members, mailsTo } = await startApp({ organizations: true });
		const sandbox = await runSandbox({ appUrl });
		mailsTo(sandbox.url);
		const { body } = await play(sandbox, "organization-of-three");
		expect(members).toHaveLength(2);
		expect(body.cookies).toHaveLength(1);
		const { currentSubscription } = await sandbox.flowglad("org_1").getBilling();
		expect(currentSubscription).toMatchObject({ isFreePlan: false, status: "active" });
	});

	it("reports a missing app or app route", async () => {
		const { appUrl, mailsTo } = await startApp({ organizations: false });
		const sandbox = await runSandbox({ appUrl });
		mailsTo(sandbox.url);
		const { status, body } = await play(sandbox, "organization-of-three");
		expect([status, body.error]).toEqual([400, expect.stringContaining("/api/auth/organization/create with 404")]);
		const without = await play(await runSandbox({ appUrl: "http://127.0.0.1:1" }), "guest-4-of-5");
		expect([without.status, without.body.error]).toEqual([400, expect.stringContaining("does not answer at http://127.0.0.1:1")]);
	});

	it("signs the browser in as the scenario's user and out of its earlier sessions", async () => {
		const { appUrl } = await startApp({ organizations: false });
		const sandbox = await runSandbox({ appUrl });
		const body = new URLSearchParams({ name: "guest-4-of-5" });
		const response = await fetch(`${sandbox.url}/scenarios`, { method: "POST", redirect: "manual", body });
		expect([response.status, response.headers.get("location")]).toEqual([303, appUrl]);
		expect(response.headers.getSetCookie()).toEqual([
			"who=; Path=/; Max-Age=0",
			"session=; Path=/; Max-Age=0",
			expect.stringMatching(/^who=guest\d+; Path=\/; HttpOnly$/),
		]);
	});
});
