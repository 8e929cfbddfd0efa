/** GitHub's and Google's OAuth endpoints for sign-in. The user chooses on the page who to sign in as. */
import { createHash, randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { page } from "../pages/layout.ts";
import type { Env } from "../world.ts";

/** The client registered at both. */
const CLIENT = { id: "oauth_client_sandbox", secret: "oauth_secret_sandbox" };

interface Person {
	email: string;
	name: string;
	confirmed: boolean;
}

interface Grant extends Person {
	redirectUri: string;
	challenge: string;
}

/** Codes and tokens are in memory, so a restart ends all sign-ins. */
interface Issued {
	codes: Map<string, Grant>;
	tokens: Map<string, Person>;
}

/** The user's id at the provider: a number at GitHub, a string of digits at Google. */
const idOf = (email: string) => Number.parseInt(createHash("sha256").update(email).digest("hex").slice(0, 12), 16);

/** GitHub's side, to mount at /github: the pages of github.com, and its API under /api. */
export function githubRoutes() {
	const issued: Issued = { codes: new Map(), tokens: new Map() };
	return new Hono<Env>()
		.get("/login/oauth/authorize", (c) => consentPage(c, "GitHub"))
		.post("/login/oauth/authorize", (c) => decide(c, issued))
		.post("/login/oauth/access_token", async (c) => {
			const { token, error } = await redeem(c, issued);
			// GitHub refuses with status 200, and answers form-encoded unless JSON is requested.
			const answer: Record<string, string> = token
				? { access_token: token, scope: "read:user,user:email", token_type: "bearer" }
				: { error: error ?? "bad_verification_code", error_description: "The code passed is incorrect or expired." };
			if (c.req.header("accept")?.includes("json")) return c.json(answer);
			return c.text(new URLSearchParams(answer).toString(), 200, { "content-type": "application/x-www-form-urlencoded" });
		})
		.get("/api/user", (c) => {
			const person = personOf(c, issued);
			if (!person || !c.req.header("user-agent")) return c.json({ message: "Bad credentials" }, person ? 403 : 401);
			// Most users hide their address on their profile.
			return c.json({ id: idOf(person.email), login: person.email.split("@")[0], name: person.name || null, email: null });
		})
		.get("/api/user/emails", (c) => {
			const person = personOf(c, issued);
			if (!person) return c.json({ message: "Bad credentials" }, 401);
			const hidden = { email: `${idOf(person.email)}+me@users.noreply.github.com`, primary: false, verified: true, visibility: null };
			return c.json([hidden, { email: person.email, primary: true, verified: person.confirmed, visibility: "private" }]);
		});
}

/** Google's side, to mount at /google. */
export function googleRoutes() {
	const issued: Issued = { codes: new Map(), tokens: new Map() };
	return new Hono<Env>()
		.get("/o/oauth2/v2/auth", (c) => consentPage(c, "Google"))
		.post("/o/oauth2/v2/auth", (c) => decide(c, issued))
		.post("/token", async (c) => {
			const { token, error } = await redeem(c, issued);
			// RFC 6749, 5.2: a client that is not authenticated gets 401.
			if (error === "incorrect_client_credentials") return c.json({ error: "invalid_client" }, 401);
			if (!token) return c.json({ error: "invalid_grant" }, 400);
			return c.json({ access_token: token, expires_in: 3599, scope: "openid email profile", token_type: "Bearer" });
		})
		.get("/v1/userinfo", (c) => {
			const person = personOf(c, issued);
			if (!person) return c.json({ error: "invalid_request", error_description: "Invalid Credentials" }, 401);
			return c.json({ sub: String(idOf(person.email)), name: person.name, email: person.email, email_verified: person.confirmed });
		});
}

function consentPage(c: Context<Env>, provider: string) {
	if (c.req.query("client_id") !== CLIENT.id) return c.text("The client_id is not known here.", 404);
	const body = html`
<h1>Sign in with ${provider}</h1>
<p class="soft">The sandbox plays ${provider}. Say who you are there.</p>
<form method="post">
<p><label>Email <input name="email" type="email" required value="octo@example.com"></label></p>
<p><label>Name <input name="name" value="Octo Cat"></label></p>
<p><label><input name="confirmed" type="checkbox" value="yes" checked> ${provider} has confirmed this address</label></p>
<p><button name="action" value="allow">Allow</button> <button name="action" value="deny" formnovalidate>Deny</button></p>
</form>`;
	return c.html(page({ title: provider, body }));
}

async function decide(c: Context<Env>, { codes }: Issued) {
	const { redirect_uri: redirectUri = "", state = "", code_challenge: challenge = "", client_id: clientId } = c.req.query();
	if (clientId !== CLIENT.id || !URL.canParse(redirectUri)) return c.text("The client_id or redirect_uri is not known here.", 404);
	const form = await c.req.parseBody();
	const back = new URL(redirectUri);
	back.searchParams.set("state", state);
	if (form.action === "allow") {
		const code = randomUUID();
		codes.set(code, {
			redirectUri,
			challenge,
			email: String(form.email ?? ""),
			name: String(form.name ?? ""),
			confirmed: form.confirmed === "yes",
		});
		back.searchParams.set("code", code);
	} else {
		back.searchParams.set("error", "access_denied");
		back.searchParams.set("error_description", "The user has denied your application access.");
	}
	return c.redirect(back.href, 302);
}

/** A code can be exchanged once, by the client and for the redirect URI it was issued for, with the verifier of its challenge (RFC 7636). */
async function redeem(c: Context<Env>, { codes, tokens }: Issued): Promise<{ token?: string; error?: string }> {
	const form = await c.req.parseBody();
	const basic = Buffer.from(/^Basic (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "", "base64").toString();
	const [id, secret] = basic ? basic.split(":") : [form.client_id, form.client_secret];
	if (id !== CLIENT.id || secret !== CLIENT.secret) return { error: "incorrect_client_credentials" };
	const grant = codes.get(String(form.code));
	codes.delete(String(form.code));
	const challenge = createHash("sha256")
		.update(String(form.code_verifier ?? ""))
		.digest("base64url");
	if (!grant || grant.redirectUri !== form.redirect_uri || (grant.challenge !== "" && grant.challenge !== challenge)) return {};
	const token = `token_${randomUUID()}`;
	tokens.set(token, grant);
	return { token };
}

const personOf = (c: Context<Env>, { tokens }: Issued) =>
	tokens.get(/^(?:Bearer|token) (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "");
