import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { runSandbox, type TestSandbox } from "../testing/harness.ts";

const verifier = "v".repeat(43);
const redirectUri = "http://localhost:3000/api/auth/callback/github";
const asked = new URLSearchParams({
	client_id: "oauth_client_sandbox",
	redirect_uri: redirectUri,
	state: "a state",
	code_challenge: createHash("sha256").update(verifier).digest("base64url"),
	code_challenge_method: "S256",
});

async function codeFrom(sandbox: TestSandbox, form: Record<string, string>): Promise<URL> {
	const decided = await fetch(`${sandbox.url}/github/login/oauth/authorize?${asked}`, {
		method: "POST",
		body: new URLSearchParams(form),
		redirect: "manual",
	});
	return new URL(decided.headers.get("location") ?? "");
}

const redeem = (sandbox: TestSandbox, form: Record<string, string>) =>
	fetch(`${sandbox.url}/github/login/oauth/access_token`, {
		method: "POST",
		headers: { accept: "application/json" },
		body: new URLSearchParams({
			client_id: "oauth_client_sandbox",
			client_secret: "oauth_secret_sandbox",
			redirect_uri: redirectUri,
			code_verifier: verifier,
			...form,
		}),
	});

it("exchanges a code once, for a client that has its verifier", async () => {
	const sandbox = await runSandbox();
	const allow = { action: "allow", email: "ada@example.com", name: "Ada", confirmed: "yes" };
	const back = await codeFrom(sandbox, allow);
	expect(back.searchParams.get("state")).toBe("a state");
	const code = back.searchParams.get("code") ?? "";
	const { access_token: token } = (await (await redeem(sandbox, { code })).json()) as { access_token: string };
	const emails = await fetch(`${sandbox.url}/github/api/user/emails`, { headers: { authorization: `Bearer ${token}` } });
	expect(await emails.json()).toContainEqual({ email: "ada@example.com", primary: true, verified: true, visibility: "private" });
	const again = await redeem(sandbox, { code });
	expect([again.status, await again.json()]).toMatchObject([200, { error: "bad_verification_code" }]);
	const other = (await codeFrom(sandbox, allow)).searchParams.get("code") ?? "";
	expect(await (await redeem(sandbox, { code: other, code_verifier: "w".repeat(43) })).json()).toMatchObject({
		error: "bad_verification_code",
	});
});

it("redirects back with access_denied if the user declines", async () => {
	const back = await codeFrom(await runSandbox(), { action: "deny" });
	expect([back.searchParams.get("error"), back.searchParams.get("code")]).toEqual(["access_denied", null]);
});
