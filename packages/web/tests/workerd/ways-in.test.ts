import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { acceptedStep, codeAt, stepAt } from "../../src/lib/identity/one-time-code.ts";
import { type Attestation, newPasskey } from "../authenticator.ts";
import { Client, eventually, resetSandbox, sandboxState } from "../client.ts";

// The ways into an account besides the password (identity.test.ts), and what access each leaves to an earlier sign-up with another person's address.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const newAddress = () => `${id()}@example.com`;
/** better-auth limits requests per address. */
const anyAddress = () => ({ "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });
const post = (client: Client, path: string, body: object = {}) => client.post(`/api/auth/${path}`, body, anyAddress());
const signIn = (client: Client, email: string, password: string) => post(client, "sign-in/email", { email, password });
const isSignedIn = async (client: Client) => (await client.usage()).tier !== "guest";
const codeOf = async (response: Response) => (await response.json<{ code: string }>()).code;
const userBy = (email: string) =>
	env.DB.prepare("SELECT id, email_verified AS verified FROM users WHERE email = ?").bind(email).first<{ id: string; verified: number }>();

/** The newest matching mail to an address. */
async function mailTo(email: string, pattern: RegExp): Promise<string> {
	return eventually(async () => {
		const { mailbox } = await sandboxState();
		const mail = mailbox.findLast(({ to, text }) => to === email && pattern.test(text));
		if (!mail) throw new Error(`no mail to ${email}`);
		return mail.text;
	});
}
const codeIn = (text: string) => /^\d{6}$/m.exec(text)?.[0] ?? "";
const tokenIn = (text: string) => new URL(/https?:\S+/.exec(text)?.[0] ?? "").searchParams.get("token") ?? "";

async function ask(client: Client, email: string, purpose: "sign-in" | "reset"): Promise<{ code: string; token: string; text: string }> {
	const before = (await sandboxState()).mailbox.length;
	const asked = await post(client, "mail/send", { email, purpose, next: "/pricing" });
	expect(asked.status).toBe(200);
	await eventually(async () => {
		if ((await sandboxState()).mailbox.length === before) throw new Error("no mail yet");
	});
	const text = await mailTo(email, /mail-link/);
	return { code: codeIn(text), token: tokenIn(text), text };
}

async function confirmedUser(): Promise<{ client: Client; email: string; id: string }> {
	const client = new Client();
	const { id, email } = await client.signUp();
	await client.confirm(email);
	return { client, email, id };
}

/** Sets the last proof of all sessions of a user to more than ten minutes ago. */
const ageProof = (userId: string) =>
	env.DB.prepare("UPDATE sessions SET created_at = created_at - 660000, proven_at = NULL WHERE user_id = ?").bind(userId).run();

describe("a sign-in mail", () => {
	test("has a code that works once, only in the browser that requested it, and moves its guest", async () => {
		const { email } = await confirmedUser();
		const [client, other] = [await new Client().visit(), new Client()];
		const chatId = id();
		await client.chat(chatId, id());
		const { code } = await ask(client, email, "sign-in");
		expect(await codeOf(await post(other, "mail/code", { code }))).toBe("INVALID_CODE");
		other.cookies.set("parley.mail", "A".repeat(22));
		expect(await codeOf(await post(other, "mail/code", { code }))).toBe("INVALID_CODE");
		const mailCookie = client.cookies.get("parley.mail") ?? "";
		const entered = await post(client, "mail/code", { code: ` ${code.slice(0, 3)} ${code.slice(3)}` });
		expect(await entered.json()).toMatchObject({ user: { email }, next: "/pricing" });
		expect((await client.fetch(`/api/chat/${chatId}/stream`)).status).toBe(204);
		client.cookies.set("parley.mail", mailCookie);
		expect(await codeOf(await post(client, "mail/code", { code }))).toBe("INVALID_CODE");
	});

	test("has a link that works once, in any browser, and not in addition to the code", async () => {
		const { email } = await confirmedUser();
		const [asking, opening] = [new Client(), new Client()];
		const { token, code } = await ask(asking, email, "sign-in");
		expect((await post(opening, "mail/link", { token })).status).toBe(200);
		expect(await isSignedIn(opening)).toBe(true);
		expect(await codeOf(await post(new Client(), "mail/link", { token }))).toBe("LINK_USED_UP");
		expect(await codeOf(await post(asking, "mail/code", { code }))).toBe("INVALID_CODE");
		expect(await isSignedIn(asking)).toBe(false);
	});

	test("opens one session when used twice at the same moment", async () => {
		const { email } = await confirmedUser();
		const { token } = await ask(new Client(), email, "sign-in");
		const opened = await Promise.all(Array.from({ length: 6 }, () => post(new Client(), "mail/link", { token })));
		expect(opened.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
	});

	test("expires after ten minutes, and a changed token is refused", async () => {
		const { email } = await confirmedUser();
		const { token, code } = await ask(new Client(), email, "sign-in");
		for (const forged of [token.slice(0, -1), `${token}x`, token.split(".")[0] ?? "", `${"B".repeat(22)}.${token.split(".")[1]}`])
			expect(await codeOf(await post(new Client(), "mail/link", { token: forged }))).toBe("LINK_USED_UP");
		await env.DB.prepare("UPDATE verifications SET expires_at = expires_at - 600000 WHERE identifier LIKE 'mail-proof:%'").run();
		expect(await codeOf(await post(new Client(), "mail/link", { token }))).toBe("LINK_USED_UP");
		expect(await codeOf(await post(new Client(), "mail/code", { code }))).toBe("INVALID_CODE");
	});

	test("accepts five wrong codes, and then not even the right one", async () => {
		const { email } = await confirmedUser();
		const client = new Client();
		const { code } = await ask(client, email, "sign-in");
		const wrong = code === "000000" ? "000001" : "000000";
		const tries = await Promise.all(Array.from({ length: 8 }, () => post(client, "mail/code", { code: wrong })));
		const codes = await Promise.all(tries.map(codeOf));
		expect(codes.filter((one) => one === "INVALID_CODE")).toHaveLength(5);
		expect(await codeOf(await post(client, "mail/code", { code }))).toBe("CODE_USED_UP");
		expect(await isSignedIn(client)).toBe(false);
	});

	test("gets the same response for an address with or without an account, and creates no account", async () => {
		const known = await confirmedUser();
		const unknown = newAddress();
		const answers = [];
		for (const email of [known.email, unknown]) {
			const client = new Client();
			const asked = await post(client, "mail/send", { email, purpose: "sign-in" });
			const guessed = await post(client, "mail/code", { code: "12345" });
			answers.push([asked.status, await asked.text(), [...client.cookies.keys()], guessed.status, await guessed.text()]);
		}
		expect(answers[0]).toEqual(answers[1]);
		expect(await mailTo(unknown, /There is no account/)).toContain("/sign-up");
		expect(await userBy(unknown)).toBeNull();
	});

	test("is limited to three in ten minutes per address, known or not, across all networks", async () => {
		for (const email of [(await confirmedUser()).email, newAddress()]) {
			const asked = [];
			for (let i = 0; i < 4; i += 1) asked.push(await post(new Client(), "mail/send", { email, purpose: i % 2 ? "reset" : "sign-in" }));
			expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
		}
	});

	test("leads only to pages of this site", async () => {
		const { email } = await confirmedUser();
		for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example"]) {
			const client = new Client();
			await post(client, "mail/send", { email, purpose: "sign-in", next });
			const token = tokenIn(await mailTo(email, /mail-link/));
			expect(await (await post(client, "mail/link", { token })).json()).toMatchObject({ next: "/" });
			await resetSandbox();
		}
	});
});

describe("a new password by mail", () => {
	test("requires the link, works once, and ends every session", async () => {
		const { client, email } = await confirmedUser();
		const { token } = await ask(new Client(), email, "reset");
		expect(await codeOf(await post(new Client(), "mail/link", { token }))).toBe("LINK_USED_UP");
		expect(await codeOf(await post(new Client(), "mail/password", { token, password: "short" }))).toBe("PASSWORD_TOO_SHORT");
		const owner = new Client();
		expect((await post(owner, "mail/password", { token, password: "a new password" })).status).toBe(200);
		expect([await isSignedIn(owner), await isSignedIn(client)]).toEqual([true, false]);
		expect(await codeOf(await post(new Client(), "mail/password", { token, password: "another password" }))).toBe("LINK_USED_UP");
		expect((await signIn(new Client(), email, "correct horse")).status).toBe(401);
		expect((await signIn(new Client(), email, "a new password")).status).toBe(200);
	});

	test("cannot be set with a sign-in link", async () => {
		const { email } = await confirmedUser();
		const { token } = await ask(new Client(), email, "sign-in");
		expect(await codeOf(await post(new Client(), "mail/password", { token, password: "a new password" }))).toBe("LINK_USED_UP");
	});
});

describe("an account that another person opened with its owner's address", () => {
	const ways: [string, (owner: Client, email: string) => Promise<Response>][] = [
		["a code", async (owner, email) => post(owner, "mail/code", { code: (await ask(owner, email, "sign-in")).code })],
		["a link", async (owner, email) => post(owner, "mail/link", { token: (await ask(new Client(), email, "sign-in")).token })],
		[
			"a new password",
			async (owner, email) =>
				post(owner, "mail/password", { token: (await ask(owner, email, "reset")).token, password: "my own password" }),
		],
	];

	test.each(ways)("drops the other person's password and sessions when its owner signs in by %s", async (_, enter) => {
		const attacker = new Client();
		const email = newAddress();
		await attacker.signUp(email);
		const owner = new Client();
		expect((await enter(owner, email)).status).toBe(200);
		expect([await isSignedIn(owner), await isSignedIn(attacker)]).toEqual([true, false]);
		expect((await userBy(email))?.verified).toBe(1);
		expect((await signIn(attacker, email, "correct horse")).status).toBe(401);
		expect((await post(attacker, "change-password", { currentPassword: "correct horse", newPassword: "still mine, ha" })).status).toBe(401);
	});

	test("has no other way in until the address is confirmed", async () => {
		const attacker = new Client();
		await attacker.signUp();
		for (const path of ["second-factor/set-up", "passkey/options"])
			expect([path, await codeOf(await post(attacker, path))]).toEqual([path, "EMAIL_NOT_VERIFIED"]);
	});

	test("keeps its password if the address was confirmed before", async () => {
		const { email, client } = await confirmedUser();
		const { token } = await ask(new Client(), email, "sign-in");
		await post(new Client(), "mail/link", { token });
		expect(await isSignedIn(client)).toBe(true);
		expect((await signIn(new Client(), email, "correct horse")).status).toBe(200);
	});
});

describe("a new address", () => {
	const change = (client: Client, newEmail: string) => post(client, "change-email", { newEmail });
	const approve = (client: Client, token: string) => post(client, "change-email/approve", { token });

	test("is confirmed at the current address, then at the new one", async () => {
		const { client, email, id: userId } = await confirmedUser();
		const to = newAddress();
		expect((await change(client, to)).status).toBe(200);
		const first = tokenIn(await mailTo(email, /change its address/));
		expect((await sandboxState()).mailbox.some((mail) => mail.to === to)).toBe(false);
		expect(await (await approve(new Client(), first)).json()).toEqual({ done: false });
		expect((await userBy(email))?.id).toBe(userId);
		const second = tokenIn(await mailTo(to, /new address/));
		// The reader of the new mailbox does not hand it to an account that they cannot sign in to.
		expect(await codeOf(await approve(new Client(), second))).toBe("SIGN_IN_FIRST");
		expect(await (await approve(client, second)).json()).toEqual({ done: true });
		expect(await userBy(to)).toMatchObject({ id: userId, verified: 1 });
		for (const token of [first, second]) expect(await codeOf(await approve(client, token))).toBe("LINK_USED_UP");
	});

	test("that already has an account is refused, and only its owner can see why", async () => {
		const [mine, theirs] = [await confirmedUser(), await confirmedUser()];
		expect((await change(mine.client, theirs.email)).status).toBe(200);
		await approve(mine.client, tokenIn(await mailTo(mine.email, /change its address/)));
		await mailTo(theirs.email, /has an account already/);
		expect((await userBy(theirs.email))?.id).toBe(theirs.id);
	});

	test("invalidates mails sent to the previous address", async () => {
		const { client, email } = await confirmedUser();
		const { token } = await ask(new Client(), email, "reset");
		const to = newAddress();
		await change(client, to);
		await approve(client, tokenIn(await mailTo(email, /change its address/)));
		await approve(client, tokenIn(await mailTo(to, /new address/)));
		expect(await codeOf(await post(new Client(), "mail/password", { token, password: "a new password" }))).toBe("LINK_USED_UP");
	});
});

describe("sessions", () => {
	test("can be ended only by their user, one by one or all at once", async () => {
		const { client, email, id: userId } = await confirmedUser();
		const [other, third, stranger] = [new Client(), new Client(), (await confirmedUser()).client];
		await signIn(other, email, "correct horse");
		await signIn(third, email, "correct horse");
		const rows = await env.DB.prepare("SELECT id FROM sessions WHERE user_id = ? ORDER BY created_at, rowid")
			.bind(userId)
			.all<{ id: string }>();
		const others = rows.results.map((row) => row.id);
		for (const sessionId of others) await post(stranger, "end-session", { id: sessionId });
		expect(await isSignedIn(other)).toBe(true);
		await post(client, "end-session", { id: others[1] });
		expect([await isSignedIn(client), await isSignedIn(other), await isSignedIn(third)].filter(Boolean)).toHaveLength(2);
		await post(client, "revoke-sessions");
		expect([await isSignedIn(client), await isSignedIn(other), await isSignedIn(third)]).toEqual([false, false, false]);
	});
});

describe("a first password", () => {
	test("is set once by concurrent requests, and the others are refused", async () => {
		const { client, email, id: userId } = await confirmedUser();
		await env.DB.prepare("DELETE FROM accounts WHERE user_id = ?").bind(userId).run();
		const passwords = ["the first horse", "the second horse", "the third horse", "the fourth horse"];
		const answers = await Promise.all(passwords.map((password) => post(client, "set-password", { password })));
		// A late request finds one already set.
		expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400]);
		const entered = await Promise.all(passwords.map(async (password) => (await signIn(new Client(), email, password)).status));
		expect(entered.filter((status) => status === 200)).toHaveLength(1);
	});
});

describe("more than ten minutes after the last proof", () => {
	const ASKS: [string, object][] = [
		["change-email", { newEmail: newAddress() }],
		["set-password", { password: "a password of mine" }],
		["second-factor/set-up", {}],
		["second-factor/enable", { code: "123456" }],
		["second-factor/recovery", {}],
		["second-factor/remove", {}],
		["passkey/options", {}],
		["passkey/remove", { id: "some" }],
		["unlink-provider", { provider: "github" }],
	];

	test.each(ASKS)("%s requires a new one", async (path, body) => {
		const { client, id: userId } = await confirmedUser();
		await ageProof(userId);
		const refused = await post(client, path, body);
		expect(refused.status).toBe(403);
		expect(await refused.json()).toMatchObject({ type: "urn:parley:problem:proof-needed" });
		expect(await codeOf(await post(client, "prove", { password: "battery staple" }))).toBe("INVALID_PASSWORD");
		expect((await post(client, path, body)).status).toBe(403);
		expect((await post(client, "prove", { password: "correct horse" })).status).toBe(200);
		expect(await (await post(client, path, body)).text()).not.toContain("proof-needed");
	});

	const MONEY: [string, object][] = [
		...["checkout", "payment-method", "activate", "cancel", "uncancel", "change", "prove"].map((name): [string, object] => [
			`/api/billing/${name}`,
			{},
		]),
		...[
			...["checkout", "checkout-sessions/create", "checkout-sessions/create-add-payment-method"],
			...["checkout-sessions/create-activate-subscription", "subscriptions/cancel", "subscriptions/uncancel", "subscriptions/adjust"],
		].map((name): [string, object] => [`/api/flowglad/${name}`, {}]),
	];

	test.each(MONEY)("%s requires a new one before anything is read or changed; viewing billing does not", async (path, body) => {
		const { client, id: userId } = await confirmedUser();
		await ageProof(userId);
		const refused = await client.post(path, body);
		expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ type: "urn:parley:problem:proof-needed" })]);
		expect((await client.fetch("/api/billing")).status).toBe(200);
		expect((await client.fetch("/api/billing/portal")).status).toBe(403);
		await post(client, "prove", { password: "correct horse" });
		expect(await (await client.post(path, body)).text()).not.toContain("proof-needed");
	});

	test("a mailed code is a proof only if it was sent to the account's own mailbox", async () => {
		const [mine, theirs] = [await confirmedUser(), await confirmedUser()];
		await ageProof(mine.id);
		await post(theirs.client, "mail/prove");
		const theirCode = codeIn(await mailTo(theirs.email, /important change/));
		mine.client.cookies.set("parley.mail", theirs.client.cookies.get("parley.mail") ?? "");
		expect(await codeOf(await post(mine.client, "mail/prove-code", { code: theirCode }))).toBe("INVALID_CODE");
		await post(mine.client, "mail/prove");
		const code = codeIn(await mailTo(mine.email, /important change/));
		expect(await codeOf(await post(mine.client, "mail/code", { code }))).toBe("INVALID_CODE");
		expect((await post(mine.client, "mail/prove-code", { code })).status).toBe(200);
		expect((await post(mine.client, "second-factor/set-up")).status).toBe(200);
	});
});

describe("a second factor", () => {
	const bytesOf = (typed: string) => {
		const bits = [...typed].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
		return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
	};

	/** A user with an authenticator app. The previous step's code has enabled it, so the current step's is still unused. */
	async function guarded() {
		const user = await confirmedUser();
		const { secret } = await (await post(user.client, "second-factor/set-up")).json<{ secret: string }>();
		const bytes = bytesOf(secret);
		const enabled = await post(user.client, "second-factor/enable", { code: codeAt(bytes, stepAt(Date.now()) - 1) });
		expect(enabled.status).toBe(200);
		const { recovery } = await enabled.json<{ recovery: string[] }>();
		return { ...user, recovery, codeNow: () => codeAt(bytes, stepAt(Date.now())), bytes };
	}

	test("is required for every way in, and nothing is accessible before it", async () => {
		const { email } = await guarded();
		const ways = [
			(client: Client) => signIn(client, email, "correct horse"),
			async (client: Client) => post(client, "mail/link", { token: (await ask(client, email, "sign-in")).token }),
			async (client: Client) =>
				post(client, "mail/password", { token: (await ask(client, email, "reset")).token, password: "correct horse" }),
		];
		for (const way of ways) {
			const client = new Client();
			const refused = await way(client);
			expect([refused.status, await codeOf(refused)]).toEqual([401, "SECOND_FACTOR_NEEDED"]);
			expect(await isSignedIn(client)).toBe(false);
			expect(client.cookies.has("parley.second")).toBe(true);
		}
	});

	test("is required after a provider sign-in, too", async () => {
		const { email } = await guarded();
		const client = new Client();
		const body = { provider: "github", callbackURL: "/", errorCallbackURL: "/sign-in", disableRedirect: true };
		const { url } = await (await post(client, "sign-in/social", body)).json<{ url: string }>();
		const form = new URLSearchParams({ action: "allow", email, name: "Ada", confirmed: "yes" });
		const decided = await fetch(url, { method: "POST", body: form, redirect: "manual" });
		const back = await client.fetch(decided.headers.get("location") ?? "", { headers: anyAddress() });
		expect(back.headers.get("location")).toContain("error=SECOND_FACTOR_NEEDED");
		expect([await isSignedIn(client), client.cookies.has("parley.second")]).toEqual([false, true]);
	});

	test("accepts each code once, and then moves the guest", async () => {
		const { email, codeNow } = await guarded();
		const [client, again] = [await new Client().visit(), new Client()];
		const chatId = id();
		await client.chat(chatId, id());
		await signIn(client, email, "correct horse");
		await signIn(again, email, "correct horse");
		const code = codeNow();
		expect((await post(client, "second-factor", { code })).status).toBe(200);
		expect((await client.fetch(`/api/chat/${chatId}/stream`)).status).toBe(204);
		expect(await codeOf(await post(again, "second-factor", { code }))).toBe("INVALID_CODE");
		expect(await isSignedIn(again)).toBe(false);
	});

	test("accepts each recovery code once, and new ones replace them", async () => {
		const { client, email, recovery } = await guarded();
		expect(recovery).toHaveLength(10);
		const enter = async (code: string) => {
			const browser = new Client();
			await signIn(browser, email, "correct horse");
			return (await post(browser, "second-factor", { code })).status;
		};
		expect([await enter(recovery[0] ?? ""), await enter(recovery[0] ?? "")]).toEqual([200, 400]);
		expect(await enter((recovery[1] ?? "").toUpperCase().replaceAll("-", " "))).toBe(200);
		const renewed = await (await post(client, "second-factor/recovery")).json<{ recovery: string[] }>();
		expect([await enter(recovery[2] ?? ""), await enter(renewed.recovery[0] ?? "")]).toEqual([400, 200]);
		const stored = await env.DB.prepare("SELECT secret, recovery FROM second_factors").all<{ secret: string; recovery: string }>();
		const text = JSON.stringify(stored.results);
		for (const code of renewed.recovery) expect(text).not.toContain(code.replaceAll("-", ""));
	});

	test("accepts ten wrong codes per account, across all browsers", async () => {
		const { email, codeNow, bytes } = await guarded();
		const wrong = ["000000", "111111", "222222", "333333"].find((code) => acceptedStep(bytes, code, Date.now(), 0) === null) ?? "";
		const client = new Client();
		await signIn(client, email, "correct horse");
		const pending = client.cookies.get("parley.second") ?? "";
		const statuses = [];
		for (let i = 0; i < 11; i += 1) {
			const browser = new Client();
			browser.cookies.set("parley.second", pending);
			statuses.push((await post(browser, "second-factor", { code: wrong })).status);
		}
		expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429]);
		expect((await post(client, "second-factor", { code: codeNow() })).status).toBe(429);
	});

	test("cannot be entered after a first factor that was replaced, forged or another user's", async () => {
		const { client, email, codeNow } = await guarded();
		const attacker = new Client();
		await signIn(attacker, email, "correct horse");
		const pending = attacker.cookies.get("parley.second") ?? "";
		await post(client, "change-password", { currentPassword: "correct horse", newPassword: "a better horse" });
		const other = await guarded();
		for (const cookie of [pending, pending.replace(/^[^.]+/, other.id), `${pending}x`, ""]) {
			const browser = new Client();
			browser.cookies.set("parley.second", cookie);
			expect(await codeOf(await post(browser, "second-factor", { code: codeNow() }))).toBe("SIGN_IN_AGAIN");
		}
	});

	test("does not prevent its user from changing the password in the session that passed it", async () => {
		const { client } = await guarded();
		const body = { currentPassword: "correct horse", newPassword: "a better horse", revokeOtherSessions: true };
		expect((await post(client, "change-password", body)).status).toBe(200);
		expect(await isSignedIn(client)).toBe(true);
	});

	test("ends the sessions opened without it, and cannot be replaced while it is in use", async () => {
		const { client, email, id: userId } = await confirmedUser();
		const other = new Client();
		await signIn(other, email, "correct horse");
		const { secret } = await (await post(client, "second-factor/set-up")).json<{ secret: string }>();
		await post(client, "second-factor/enable", { code: codeAt(bytesOf(secret), stepAt(Date.now())) });
		expect([await isSignedIn(client), await isSignedIn(other)]).toEqual([true, false]);
		const stored = () => env.DB.prepare("SELECT secret FROM second_factors WHERE user_id = ?").bind(userId).first<string>("secret");
		const before = await stored();
		await post(client, "second-factor/set-up");
		expect(await stored()).toBe(before);
		expect((await post(client, "second-factor/remove")).status).toBe(200);
		expect((await signIn(new Client(), email, "correct horse")).status).toBe(200);
	});
});

describe("a new passkey", () => {
	/** Adds a passkey with this attestation. @returns the response, and what is then stored for its user */
	async function add(attestation: Attestation) {
		const { client, id: userId } = await confirmedUser();
		const options = await (await post(client, "passkey/options")).json<{ challenge: string; rp: { id: string } }>();
		const answer = await newPasskey(options, "http://localhost", attestation);
		const response = await post(client, "passkey/add", { answer });
		const stored = await env.DB.prepare("SELECT id FROM passkeys WHERE user_id = ?").bind(userId).all<{ id: string }>();
		return { response, answer, stored: stored.results.map((row) => row.id) };
	}

	// What a browser passes on when no attestation is requested (WebAuthn, 5.1.3).
	test.each(["none", "packed"])("is stored if its attestation has no certificate: %s", async (fmt) => {
		const { response, answer, stored } = await add({ fmt });
		expect([response.status, stored]).toEqual([200, [answer.id]]);
	});

	test.each(["packed", "apple", "android-key", "android-safetynet", "fido-u2f", "tpm", "none", "unheard-of"])(
		"with a certificate is refused, and no address in it is fetched: %s",
		async (fmt) => {
			const path = `/issuer/${id()}.crl`;
			const { response, stored } = await add({ fmt, crl: `${env.SANDBOX_URL}${path}` });
			expect([response.status, await codeOf(response), stored]).toEqual([400, "PASSKEY_REFUSED", []]);
			expect(Object.keys((await sandboxState()).calls)).not.toContain(`GET ${path}`);
		},
	);
});

describe.each(["github", "google"] as const)("%s", (provider) => {
	/** Signs in there and returns. @returns where the app leads next */
	async function come(client: Client, form: Record<string, string>): Promise<string> {
		const body = { provider, callbackURL: "/pricing", errorCallbackURL: "/sign-in?next=%2Fpricing", disableRedirect: true };
		const asked = await post(client, "sign-in/social", body);
		const { url } = await asked.json<{ url: string }>();
		expect(new URL(url).searchParams.get("code_challenge_method")).toBe("S256");
		const decided = await fetch(url, { method: "POST", body: new URLSearchParams({ action: "allow", ...form }), redirect: "manual" });
		const back = await client.fetch(decided.headers.get("location") ?? "", { headers: anyAddress() });
		await back.body?.cancel();
		return back.headers.get("location") ?? `${back.status}`;
	}
	const as = (email: string, more = {}) => ({ email, name: "Octo Cat", confirmed: "yes", ...more });
	const pathOf = (location: string) => location.replace("http://localhost", "");
	const errorOf = (location: string) => new URL(location, "http://localhost").searchParams.get("error");

	test("opens a confirmed account once, and moves the guest", async () => {
		const email = newAddress();
		const client = await new Client().visit();
		const chatId = id();
		await client.chat(chatId, id());
		expect(pathOf(await come(client, as(email)))).toBe("/pricing");
		expect((await client.fetch(`/api/chat/${chatId}/stream`)).status).toBe(204);
		const user = await userBy(email);
		expect(user?.verified).toBe(1);
		const again = new Client();
		await come(again, as(email));
		expect(await isSignedIn(again)).toBe(true);
		const kept = await env.DB.prepare(
			"SELECT access_token AS access, refresh_token AS refresh, id_token AS id FROM accounts WHERE user_id = ?",
		)
			.bind(user?.id)
			.all();
		expect(kept.results).toEqual([{ access: null, refresh: null, id: null }]);
	});

	test("opens the account with the same confirmed address, and keeps its password", async () => {
		const { email, client } = await confirmedUser();
		const browser = new Client();
		await come(browser, as(email.toUpperCase()));
		expect([await isSignedIn(browser), await isSignedIn(client)]).toEqual([true, true]);
		expect((await signIn(new Client(), email, "correct horse")).status).toBe(200);
	});

	test("takes an account back from the person who first opened it with the address", async () => {
		const attacker = new Client();
		const { email } = await attacker.signUp();
		const owner = new Client();
		expect(pathOf(await come(owner, as(email)))).toBe("/pricing");
		expect([await isSignedIn(owner), await isSignedIn(attacker)]).toEqual([true, false]);
		expect((await signIn(attacker, email, "correct horse")).status).toBe(401);
	});

	test("without a confirmed address opens and changes nothing", async () => {
		const { email, client } = await confirmedUser();
		for (const address of [email, newAddress()]) {
			const attacker = new Client();
			expect(errorOf(await come(attacker, as(address, { confirmed: "no" })))).toBe("unable_to_get_user_info");
			expect(await isSignedIn(attacker)).toBe(false);
		}
		expect(await isSignedIn(client)).toBe(true);
	});

	test("leads back without a session when the user declines, or when the response belongs to another browser", async () => {
		const client = new Client();
		expect(errorOf(await come(client, { action: "deny" }))).toBe("access_denied");
		expect(await isSignedIn(client)).toBe(false);
		const asked = await post(new Client(), "sign-in/social", { provider, callbackURL: "/", errorCallbackURL: "/", disableRedirect: true });
		const { url } = await asked.json<{ url: string }>();
		const decided = await fetch(url, {
			method: "POST",
			body: new URLSearchParams({ action: "allow", ...as(newAddress()) }),
			redirect: "manual",
		});
		const victim = new Client();
		await (await victim.fetch(decided.headers.get("location") ?? "", { headers: anyAddress() })).body?.cancel();
		expect(await isSignedIn(victim)).toBe(false);
	});

	test("never leads to other sites", async () => {
		for (const field of ["callbackURL", "errorCallbackURL"]) {
			const body = { provider, callbackURL: "/", errorCallbackURL: "/", disableRedirect: true, [field]: "https://evil.example/" };
			expect((await post(new Client(), "sign-in/social", body)).status).toBe(400);
		}
	});

	test("can be unlinked by its user, who can still sign in by mail", async () => {
		const email = newAddress();
		const client = new Client();
		await come(client, as(email));
		expect((await post(client, "unlink-provider", { provider })).status).toBe(200);
		expect((await post(new Client(), "mail/link", { token: (await ask(new Client(), email, "sign-in")).token })).status).toBe(200);
	});
});
