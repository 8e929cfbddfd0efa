import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Client, hear, resetSandbox } from "../client.ts";
import { logLines } from "../worker-log.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();

describe("the log", () => {
	const marker = "marker-of-the-log";
	const reply =
		(body: string, status = 200, type = "application/json") =>
		() =>
			new Response(body, { status, headers: { "content-type": type } });
	const event = (data: string) => reply(`data: ${data}\n\n`, 200, "text/event-stream");

	/** Answers the app's requests to addresses that contain `part`. */
	function answerFor(part: string, answer: () => Response): void {
		const real = globalThis.fetch;
		const fake = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
			const url = input instanceof Request ? input.url : String(input);
			return url.includes(part) ? answer() : real(input, init);
		});
		onTestFinished(() => fake.mockRestore());
	}

	/** Lets every query of a table fail until the test ends. */
	async function breakTable(name: string): Promise<void> {
		await env.DB.exec(`ALTER TABLE ${name} RENAME TO broken_${name}`);
		onTestFinished(async () => void (await env.DB.exec(`ALTER TABLE broken_${name} RENAME TO ${name}`)));
	}

	function expectLogged(pattern: RegExp, ...secrets: string[]): void {
		expect(logLines.join("\n")).toMatch(pattern);
		for (const line of logLines) {
			for (const secret of [marker, ...secrets]) expect(line).not.toContain(secret);
			expect(line.length).toBeLessThanOrEqual(200);
		}
	}

	const MODEL: [does: string, answer: () => Response][] = [
		["refuses and quotes the prompt", reply(JSON.stringify({ error: { message: marker, code: marker } }), 400)],
		["fails and quotes the prompt", reply(marker, 500, "text/plain")],
		["sends a broken line", event(`{"choices":[{"delta":{"content":"${marker}`)],
		["sends an unknown shape", event(JSON.stringify({ choices: marker }))],
		["sends an error", event(JSON.stringify({ error: { message: marker, type: marker, code: marker } }))],
		["answers with a page", reply(`<html>${marker}`, 200, "text/html")],
		[
			"cannot be reached",
			() => {
				throw new TypeError(marker, { cause: new Error(marker) });
			},
		],
	];

	test.each(MODEL)("has neither prompt nor answer of a model that %s", async (_, answer) => {
		answerFor("/model/v1", answer);
		const message = { id: id(), role: "user", parts: [{ type: "text", text: marker }] };
		await hear(await new Client().post("/api/chat/ai", { id: id(), messages: [message] }));
		expectLogged(/^answer [\w-]+ failed: /m);
	});

	const PROVIDER: [does: string, answer: () => Response][] = [
		["fails", reply(JSON.stringify({ error: marker, code: marker, message: marker }), 500)],
		["refuses", reply(JSON.stringify({ error: marker }), 400)],
		["sends no JSON", reply(marker)],
		["sends an unknown shape", reply(JSON.stringify({ data: marker, customer: marker }))],
	];

	test.each(PROVIDER)("has no words of a billing provider that %s", async (_, answer) => {
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

	test.each(["sessions", "users", "accounts", "rate_limits", "members"])(
		"has no parameters of a query when the table %s fails",
		async (table) => {
			const user = new Client();
			const { id: userId, email } = await user.signUp();
			const token = decodeURIComponent(user.cookies.get("parley.session_token") ?? "");
			expect(token.length).toBeGreaterThan(20);
			await breakTable(table);
			const credentials = { name: marker, email: `${marker}@example.com`, password: `${marker} horse` };
			const requests: [path: string, body?: object][] = [
				["/api/billing"],
				["/api/usage"],
				["/api/organization"],
				["/account"],
				["/"],
				["/api/health"],
				["/api/auth/get-session?disableCookieCache=true"],
				["/api/auth/list-sessions"],
				["/api/auth/sign-in/email", credentials],
				["/api/auth/sign-up/email", credentials],
				["/api/auth/update-user", { name: marker }],
				["/api/auth/sign-out", {}],
				["/api/auth/change-password", { currentPassword: marker, newPassword: `${marker} ${marker}` }],
				["/api/auth/send-verification-email", { email }],
			];
			for (const [path, body] of requests) {
				const response = await user.fetch(path, body ? { method: "POST", json: body } : {});
				await response.text();
			}
			expectLogged(/a library's|500 |could not read a session/, token, token.split(".")[0] ?? "", email, userId);
		},
	);

	test("has no mail, and nobody's address, when the mail server fails", async () => {
		answerFor("/__sandbox/mail", reply(marker, 500));
		const { email } = await new Client().signUp();
		await vi.waitFor(() => expectLogged(/^could not send a mail: status 500$/m, email), 20_000);
	});
});
