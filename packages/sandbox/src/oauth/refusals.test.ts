import { createHash } from "node:crypto";
import fc from "fast-check";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { githubRoutes, googleRoutes } from "./oauth.ts";

const client = { client_id: "oauth_client_sandbox", client_secret: "oauth_secret_sandbox" };
const redirectUri = "http://localhost:3000/callback?from=here";
const verifier = "v".repeat(43);
const challenge = createHash("sha256").update(verifier).digest("base64url");

const providers = {
	github: { authorize: "/github/login/oauth/authorize", token: "/github/login/oauth/access_token", user: "/github/api/user/emails" },
	google: { authorize: "/google/o/oauth2/v2/auth", token: "/google/token", user: "/google/v1/userinfo" },
} as const;
type Provider = keyof typeof providers;

/** Both providers, without a server. */
function bothProviders() {
	const app = new Hono().route("/github", githubRoutes()).route("/google", googleRoutes());
	const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
		app.request(path, { method: "POST", body: new URLSearchParams(fields), headers: { accept: "application/json", ...headers } });
	const decide = (of: Provider, fields: Record<string, string>, query: Record<string, string> = {}) => {
		const asked = { client_id: client.client_id, redirect_uri: redirectUri, state: "s", code_challenge: challenge, ...query };
		return post(`${providers[of].authorize}?${new URLSearchParams(asked)}`, fields);
	};
	const back = async (...of: Parameters<typeof decide>) => new URL((await decide(...of)).headers.get("location") ?? "");
	const codeOf = async (of: Provider, person: Record<string, string> = {}, query: Record<string, string> = {}) =>
		(await back(of, { action: "allow", email: "ada@example.com", name: "Ada", confirmed: "yes", ...person }, query)).searchParams.get(
			"code",
		) ?? "";
	const redeem = async (of: Provider, fields: Record<string, string>, headers: Record<string, string> = {}) => {
		const response = await post(providers[of].token, { ...client, redirect_uri: redirectUri, code_verifier: verifier, ...fields }, headers);
		return { status: response.status, body: (await response.json()) as Record<string, string> };
	};
	const get = (path: string, token: string, headers: Record<string, string> = { "user-agent": "test" }) =>
		app.request(path, { headers: { authorization: `Bearer ${token}`, ...headers } });
	return { app, post, decide, back, codeOf, redeem, get };
}

describe.each(["github", "google"] as const)("%s", (of) => {
	it("returns the state unchanged, and keeps the query of the redirect URI", async () => {
		const { back } = bothProviders();
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 40 }), fc.constantFrom("allow", "deny"), async (state, action) => {
				const { searchParams, origin } = await back(of, { action, email: "a@example.com" }, { state });
				expect([searchParams.get("state"), searchParams.get("from"), origin]).toEqual([state, "here", "http://localhost:3000"]);
				expect([searchParams.has("code"), searchParams.has("error")]).toEqual([action === "allow", action === "deny"]);
			}),
			{ numRuns: 40 },
		);
	});

	it.each([
		["another redirect_uri", { redirect_uri: "http://localhost:3000/callback" }],
		["another verifier", { code_verifier: "w".repeat(43) }],
		["no verifier", { code_verifier: "" }],
		["a code that nobody issued", { code: "made up" }],
	])("issues no token for %s", async (_, wrong) => {
		const { codeOf, redeem } = bothProviders();
		const { body } = await redeem(of, { code: await codeOf(of), ...wrong });
		expect(body).toMatchObject({ error: of === "github" ? "bad_verification_code" : "invalid_grant" });
		expect(body).not.toHaveProperty("access_token");
	});

	it("issues no token to an unknown client, and the code stays valid for the right one", async () => {
		const { codeOf, redeem } = bothProviders();
		const code = await codeOf(of);
		for (const wrong of [{ client_secret: "wrong" }, { client_id: "other" }, { client_secret: "" }] as Record<string, string>[])
			expect((await redeem(of, { code, ...wrong })).body.error).toBe(of === "github" ? "incorrect_client_credentials" : "invalid_client");
		expect((await redeem(of, { code })).body.access_token).toMatch(/^token_/);
	});

	it("invalidates a code at the first attempt to redeem it, even a failed one", async () => {
		const { codeOf, redeem } = bothProviders();
		const code = await codeOf(of);
		await redeem(of, { code, code_verifier: "w".repeat(43) });
		expect((await redeem(of, { code })).body).not.toHaveProperty("access_token");
	});

	it("accepts the client's secret as Basic authentication too", async () => {
		const { codeOf, redeem } = bothProviders();
		const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString("base64")}` });
		const nameless = { client_id: "", client_secret: "" };
		const code = await codeOf(of);
		expect((await redeem(of, { code, ...nameless }, basic("wrong"))).body).not.toHaveProperty("access_token");
		expect((await redeem(of, { code, ...nameless }, basic(client.client_secret))).body.access_token).toMatch(/^token_/);
	});

	it("neither shows its page nor redirects for an unknown client or an invalid redirect URI", async () => {
		const { app, decide } = bothProviders();
		expect((await app.request(`${providers[of].authorize}?client_id=other`)).status).toBe(404);
		for (const wrong of [{ client_id: "other" }, { redirect_uri: "nowhere" }] as Record<string, string>[]) {
			const response = await decide(of, { action: "allow" }, wrong);
			expect([response.status, response.headers.get("location")]).toEqual([404, null]);
		}
	});

	it("returns the user, and whether their address is confirmed, only for its own tokens", async () => {
		const { codeOf, redeem, get } = bothProviders();
		const other = of === "github" ? "google" : "github";
		const name = "Ada <script> Ł\"'";
		for (const confirmed of ["yes", ""]) {
			const { access_token: token = "" } = (await redeem(of, { code: await codeOf(of, { name, confirmed }) })).body;
			const text = await (await get(providers[of].user, token)).text();
			expect(text).toContain("ada@example.com");
			expect(text).toMatch(confirmed ? /"(?:email_)?verified":true/ : /"(?:email_)?verified":false/);
			expect((await get(providers[other].user, token)).status).toBe(401);
			expect((await get(providers[of].user, `${token}x`)).status).toBe(401);
		}
	});
});

it("GitHub keeps a user's id, omits the address from the profile, and requires a User-Agent", async () => {
	const { codeOf, redeem, get } = bothProviders();
	const userOf = async (email: string, headers?: Record<string, string>) => {
		const { access_token: token = "" } = (await redeem("github", { code: await codeOf("github", { email }) })).body;
		const response = await get("/github/api/user", token, headers);
		return { status: response.status, body: (await response.json()) as { id?: number; email?: string | null } };
	};
	const [first, again, other] = [await userOf("ada@example.com"), await userOf("ada@example.com"), await userOf("bob@example.com")];
	expect(first.body).toMatchObject({ id: expect.any(Number), email: null, login: "ada" });
	expect([again.body.id, other.body.id === first.body.id]).toEqual([first.body.id, false]);
	expect((await userOf("ada@example.com", {})).status).toBe(403);
});

it("GitHub answers form-encoded unless JSON is requested, with 200 even for a refusal", async () => {
	const { post } = bothProviders();
	const response = await post("/github/login/oauth/access_token", { ...client, code: "none" }, { accept: "*/*" });
	expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-www-form-urlencoded"]);
	expect(new URLSearchParams(await response.text()).get("error")).toBe("bad_verification_code");
});

it("Google answers a wrong client with 401, and a wrong code with 400", async () => {
	const { redeem } = bothProviders();
	expect([(await redeem("google", { client_secret: "wrong" })).status, (await redeem("google", { code: "none" })).status]).toEqual([
		401, 400,
	]);
});
