import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { keepLedgerReport } from "../../src/db/ledger-reports.ts";
import { storeCopy, storedCopy } from "../../src/db/provider-copies.ts";
import { keepUsageDays } from "../../src/db/usage-days.ts";
import { Client, faults, hear, resetSandbox } from "../client.ts";
import { answerFor, breakTable, expectLogged, FAILURES, marker, reply, tables } from "../marked-log.ts";
import { logLines } from "../worker-log.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();

/** Whether a service responds with 200. */
function isOk(answer: () => Response): boolean {
	try {
		return answer().ok;
	} catch {
		return false;
	}
}

/** A subject's usage of a model. */
const usageOf = (model: string) => ({
	day: "2026-11-21",
	model,
	tier: "free" as const,
	requests: 1,
	units: 1,
	input: 1,
	cached: 0,
	output: 1,
	reasoning: 0,
	microDollars: 1,
	estimated: 0,
});

describe("the log", () => {
	const event = (data: string) => reply(`data: ${data}\n\n`, 200, "text/event-stream");

	const MODEL: [does: string, answer: () => Response][] = [
		["refuses and quotes the prompt", reply(JSON.stringify({ error: { message: marker, code: marker } }), 400)],
		["fails and quotes the prompt", reply(marker, 500, "text/plain")],
		["sends a broken line", event(`{"choices":[{"delta":{"content":"${marker}`)],
		["sends an unknown shape", event(JSON.stringify({ choices: marker }))],
		["sends an error", event(JSON.stringify({ error: { message: marker, type: marker, code: marker } }))],
		...FAILURES,
	];

	test.each(MODEL)("contains neither the prompt nor the answer of a model that %s", async (_, answer) => {
		answerFor("/model/v1", answer);
		const message = { id: id(), role: "user", parts: [{ type: "text", text: marker }] };
		await hear(await new Client().post("/api/chat/ai", { id: id(), messages: [message] }));
		expectLogged(/^answer [\w-]+ failed: /m);
	});

	test.each(FAILURES)("contains neither the query nor the results of a web search that %s", async (_, answer) => {
		const user = new Client();
		const { email } = await user.signUp();
		answerFor("/search/tavily", answer);
		const message = { id: id(), role: "user", parts: [{ type: "text", text: `The latest about ${marker}?` }] };
		const { metadata } = await hear(await user.post("/api/chat/ai", { id: id(), messages: [message], search: true }));
		expect(metadata).toMatchObject({ state: "complete", units: 1 });
		expectLogged(/^a web search failed: /m, email);
	});

	test.each(FAILURES)("contains no response text of a sign-in provider that %s, and neither code nor token", async (_, answer) => {
		const client = new Client();
		const body = { provider: "github", callbackURL: "/", errorCallbackURL: "/sign-in", disableRedirect: true };
		const asked = await client.post("/api/auth/sign-in/social", body, {
			"cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}`,
		});
		const { url } = await asked.json<{ url: string }>();
		const form = new URLSearchParams({ action: "allow", email: `${marker}@example.com`, name: marker, confirmed: "yes" });
		const decided = await fetch(url, { method: "POST", body: form, redirect: "manual" });
		answerFor("/github/api/", answer);
		const back = await client.fetch(decided.headers.get("location") ?? "http://localhost/");
		expect(back.headers.get("location")).toContain("error=unable_to_get_user_info");
		const code = new URL(decided.headers.get("location") ?? "").searchParams.get("code") ?? "";
		expectLogged(/^could not read the profile at a provider: /m, code);
	});

	test.each([
		["before its first word", { failBeforeOutput: 503 }],
		["in the middle", { failAfterChunks: 2, chunks: 6 }],
		["without a word", { chunks: 0 }],
	])("identifies an answer that failed %s by the reference shown to its reader", async (_, model) => {
		await faults({ model });
		const { metadata } = await new Client().chat(id(), id());
		expect(metadata).toMatchObject({ state: "failed", counted: false });
		expect(logLines.filter((line) => line.startsWith(`answer ${metadata.reference} failed: `))).toHaveLength(1);
	});

	test.each(FAILURES)("contains no response text of a billing provider that %s", async (_, answer) => {
		const user = new Client();
		const { email } = await user.signUp();
		answerFor("/api/v1/", answer);
		await user.post("/api/flowglad/pricing-models/retrieve", {});
		await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" });
		await user.post("/api/flowglad/customers/billing", {});
		await user.fetch("/api/billing");
		await user.fetch("/pricing");
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 });
		expectLogged(/billing provider|flowglad/, email);
	});

	// Stripe's are in tests/stripe/log.test.ts.
	test.each(tables.filter((name) => !name.startsWith("stripe_")))("has no parameters of a query when the table %s fails", async (table) => {
		const user = new Client();
		const { id: userId, email } = await user.signUp();
		await env.DB.prepare("UPDATE users SET email_verified = 1 WHERE id = ?").bind(userId).run();
		const created = await user.post("/api/auth/organization/create", { name: "Acme", slug: id() });
		const { id: organizationId } = await created.json<{ id: string }>();
		const token = decodeURIComponent(user.cookies.get("parley.session_token") ?? "");
		expect(token.length).toBeGreaterThan(20);
		// A mailed code allows five tries, so each test has its own.
		user.cookies.set("parley.mail", id().replaceAll("-", "").slice(0, 22));
		await breakTable(table);
		const credentials = { name: marker, email: `${marker}@example.com`, password: `${marker} horse` };
		const address = { email: `${marker}@example.com` };
		// An address gets few tries a minute, for all tables together.
		const headers = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
		const requests: [path: string, body?: object][] = [
			["/api/billing"],
			["/api/usage"],
			["/account/organization"],
			["/"],
			["/api/health"],
			[`/invitation/${marker}`],
			["/api/auth/get-session?disableCookieCache=true"],
			["/api/auth/organization/list"],
			["/api/auth/organization/invite-member", { ...address, role: "member", organizationId }],
			["/api/auth/organization/create", { name: marker, slug: marker }],
			["/api/auth/organization/accept-invitation", { invitationId: marker }],
			["/api/auth/sign-in/email", credentials],
			["/api/auth/sign-up/email", credentials],
			["/api/auth/update-user", { name: marker }],
			["/api/auth/change-password", { currentPassword: marker, newPassword: `${marker} ${marker}` }],
			["/api/auth/send-verification-email", address],
			["/account/profile"],
			["/api/keys"],
			["/api/keys", { name: marker, scopes: ["chat"] }],
			["/api/auth/mail/code", { code: "123456" }],
			["/api/auth/mail/send", { ...address, purpose: "sign-in" }],
			["/api/auth/sign-out", {}],
		];
		for (const [path, body] of requests) {
			const response = await user.fetch(path, body ? { method: "POST", json: body, headers } : { headers });
			await response.text();
		}
		// The isolate may have a fresh copy, and a ledger reports later.
		await storeCopy("prices", { answer: marker, readAtMs: 0 });
		await storedCopy("prices");
		await keepLedgerReport({ subject: "user:some", provider: "ok", owed: 0, deadLetters: 0, drift: 0 });
		await keepUsageDays("user:some", [usageOf(marker)]);
		const words = /a library's|500 |health: |could not (?:be loaded|be stored|store|copy|read a session|send)/;
		// What follows a sign-in or a mail fails after the response.
		await vi.waitFor(() => expectLogged(words, token, token.split(".")[0] ?? "", email, userId), 20_000);
	});

	// A mail server's response counts by its status alone.
	test.each(FAILURES.filter(([, answer]) => !isOk(answer)))(
		"has no mail, and nobody's address, when the mail server %s",
		async (_, answer) => {
			answerFor("/__sandbox/mail", answer);
			const { email } = await new Client().signUp();
			await vi.waitFor(() => expectLogged(/^could not send a mail: (?:status \d+|TypeError)/m, email), 20_000);
		},
	);
});
