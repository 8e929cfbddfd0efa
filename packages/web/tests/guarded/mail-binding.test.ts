import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Client, eventually } from "../client.ts";

// Without EMAIL_URL, mails are sent through Cloudflare's email binding. Here it is workerd's own, which checks each mail as Cloudflare does.

test("a mail is sent once through the email binding", async () => {
	const user = new Client("198.51.100.250");
	const solved = btoa(JSON.stringify({ success: true, hostname: "localhost", action: "sign-up", nonce: crypto.randomUUID() }));
	const body = { name: "Ada", email: `${crypto.randomUUID()}@example.com`, password: "correct horse" };
	expect((await user.post("/api/auth/sign-up/email", body, { "cf-turnstile-response": solved })).status).toBe(200);
	await eventually(async () => {
		const { results } = await env.DB.prepare("SELECT state, attempts, letter FROM mails").all();
		expect(results).toEqual([{ state: "sent", attempts: 1, letter: null }]);
	});
});
