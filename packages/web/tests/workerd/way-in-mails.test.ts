import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { ASKS_FOR_PROOF, AUTH_ROUTES } from "../../src/lib/identity/auth-routes.ts";
import type { WayInChange } from "../../src/lib/identity/email/way-in-mail.ts";
import { codeAt, stepAt } from "../../src/lib/identity/one-time-code.ts";
import { setAppTimeouts } from "../app-time.ts";
import { newPasskey } from "../authenticator.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";
import { breakTable, expectLogged } from "../marked-log.ts";
import { logLines } from "../worker-log.ts";

// An attacker who takes over an account changes its ways in, so its owner gets exactly one mail about each change.

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PASSWORD = "correct horse";
const NEW_PASSWORD = "a better horse";
/** Runs the Worker's cron trigger, as the platform does. The types of `exports` only know `fetch`. */
const runCron = (): Promise<void> => (exports.default as unknown as { scheduled(): Promise<void> }).scheduled();
const newAddress = () => `${crypto.randomUUID()}@example.com`;
/** better-auth limits requests per address. */
const headers = (language = "en") => ({
	"cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}`,
	"user-agent": FIREFOX,
	"accept-language": language,
});
const send = (client: Client, path: string, body: object = {}, language?: string) => client.post(path, body, headers(language));
const post = (client: Client, route: string, body: object = {}, language?: string) => send(client, `/api/auth/${route}`, body, language);

beforeEach(async () => {
	await resetSandbox();
	await env.DB.prepare("DELETE FROM mails").run();
});

interface Account {
	client: Client;
	id: string;
	email: string;
}

async function account({ confirmed = true } = {}): Promise<Account> {
	const client = new Client();
	const { id, email } = await client.signUp();
	if (confirmed) await client.confirm(email);
	return { client, id, email };
}

/** An account created through GitHub, without a password. */
async function accountByProvider(): Promise<Account> {
	const [client, email] = [new Client(), newAddress()];
	await come(client, { email });
	const user = await env.DB.prepare("SELECT id FROM users WHERE email = ?").bind(email).first<{ id: string }>();
	return { client, email, id: user?.id ?? "" };
}

/** Signs in at GitHub and returns to the app. */
async function come(client: Client, form: Record<string, string>): Promise<Response> {
	const body = { provider: "github", callbackURL: "/", errorCallbackURL: "/sign-in", disableRedirect: true };
	const { url } = await (await post(client, "sign-in/social", body)).json<{ url: string }>();
	const said = new URLSearchParams({ action: "allow", name: "Ada", confirmed: "yes", ...form });
	const decided = await fetch(url, { method: "POST", body: said, redirect: "manual" });
	return client.fetch(decided.headers.get("location") ?? "", { headers: headers() });
}

/** The token in the newest mail to an address with matching text. */
async function tokenTo(email: string, pattern: RegExp): Promise<string> {
	const text = await eventually(async () => {
		const mail = (await sandboxState()).mailbox.findLast((one) => one.to === email && pattern.test(one.text));
		if (!mail) throw new Error(`no mail to ${email}`);
		return mail.text;
	});
	return new URL(/https?:\S+/.exec(text)?.[0] ?? "").searchParams.get("token") ?? "";
}

async function resetToken(email: string): Promise<string> {
	await post(new Client(), "mail/send", { email, purpose: "reset" });
	return tokenTo(email, /mail-link/);
}

function bytesOf(typed: string): Uint8Array {
	const bits = [...typed].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
	return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** Sets up an authenticator app. @returns its current code */
async function setUpApp({ client }: Account): Promise<string> {
	const { secret } = await (await post(client, "second-factor/set-up")).json<{ secret: string }>();
	return codeAt(bytesOf(secret), stepAt(Date.now()));
}

async function enableApp(of: Account): Promise<void> {
	expect((await post(of.client, "second-factor/enable", { code: await setUpApp(of) })).status).toBe(200);
}

async function passkeyAnswer({ client }: Account, origin = "http://localhost"): Promise<{ id: string }> {
	const options = await (await post(client, "passkey/options")).json<{ challenge: string; rp: { id: string } }>();
	return newPasskey(options, origin);
}

async function addPasskey(of: Account): Promise<string> {
	const answer = await passkeyAnswer(of);
	expect((await post(of.client, "passkey/add", { answer })).status).toBe(200);
	return answer.id;
}

interface Way {
	/** The better-auth route that makes the change. */
	route: string;
	subject: string;
	/** Prepares a change. @returns one attempt that changes nothing, and the change itself, which is sent several times */
	ready: (of: Account) => Promise<{ fails: () => Promise<Response>; change: () => Promise<Response> }>;
	account?: () => Promise<Account>;
	/** Sending it again makes another change. */
	repeats?: boolean;
}

const posting = (of: Account, route: string, wrong: object, right: object) => ({
	fails: () => post(of.client, route, wrong),
	change: () => post(of.client, route, right),
});

/** Every kind of change, and how it is made. */
const WAYS: Record<WayInChange["kind"], Way> = {
	"password-changed": {
		route: "change-password",
		subject: "Your password was changed",
		ready: async (of) =>
			posting(
				of,
				"change-password",
				{ currentPassword: "battery staple", newPassword: NEW_PASSWORD },
				{ currentPassword: PASSWORD, newPassword: NEW_PASSWORD, revokeOtherSessions: true },
			),
	},
	"password-set": {
		route: "set-password",
		subject: "A password was set for the first time",
		account: accountByProvider,
		ready: async (of) => posting(of, "set-password", { password: "short" }, { password: NEW_PASSWORD }),
	},
	"password-reset": {
		route: "mail/password",
		subject: "Your password was reset with a link by email",
		ready: async (of) => {
			const token = await resetToken(of.email);
			const owner = { ...of, client: new Client() };
			return posting(owner, "mail/password", { token: `${token}x`, password: NEW_PASSWORD }, { token, password: NEW_PASSWORD });
		},
	},
	"passkey-added": {
		route: "passkey/add",
		subject: "A passkey was added",
		ready: async (of) => {
			const answer = await passkeyAnswer(of);
			// Another tab of the same session, whose challenge belongs to another site.
			const tab = Object.assign(new Client(), { cookies: new Map(of.client.cookies) });
			const stolen = await passkeyAnswer({ ...of, client: tab }, "https://evil.example");
			return {
				fails: () => post(tab, "passkey/add", { answer: stolen }),
				change: () => post(of.client, "passkey/add", { answer }),
			};
		},
	},
	"passkey-removed": {
		route: "passkey/remove",
		subject: "A passkey was removed",
		ready: async (of) => posting(of, "passkey/remove", { id: "none" }, { id: await addPasskey(of) }),
	},
	"second-factor-on": {
		route: "second-factor/enable",
		subject: "Two-step sign-in was turned on",
		ready: async (of) => {
			const code = await setUpApp(of);
			return posting(of, "second-factor/enable", { code: code === "000000" ? "000001" : "000000" }, { code });
		},
	},
	"second-factor-off": {
		route: "second-factor/remove",
		subject: "Two-step sign-in was turned off",
		ready: async (of) => {
			// It was only set up, never requested.
			await setUpApp(of);
			expect((await post(of.client, "second-factor/remove")).status).toBe(200);
			await enableApp(of);
			return { fails: () => post(new Client(), "second-factor/remove"), change: () => post(of.client, "second-factor/remove") };
		},
	},
	"recovery-renewed": {
		route: "second-factor/recovery",
		subject: "New recovery codes were created",
		repeats: true,
		ready: async (of) => {
			expect((await post(of.client, "second-factor/recovery")).status).toBe(400);
			await enableApp(of);
			return { fails: () => post(new Client(), "second-factor/recovery"), change: () => post(of.client, "second-factor/recovery") };
		},
	},
	"provider-linked": {
		route: "callback/github",
		subject: "You can now sign in with GitHub",
		ready: async ({ email }) => ({
			fails: () => come(new Client(), { email, confirmed: "no" }),
			change: () => come(new Client(), { email }),
		}),
	},
	"provider-unlinked": {
		route: "unlink-provider",
		subject: "You can no longer sign in with GitHub",
		account: accountByProvider,
		ready: async (of) => posting(of, "unlink-provider", { provider: "google" }, { provider: "github" }),
	},
	"email-changed": {
		route: "change-email/approve",
		subject: "Your email address was changed",
		ready: async (of) => {
			const to = newAddress();
			await post(of.client, "change-email", { newEmail: to });
			const first = await tokenTo(of.email, /change its address/);
			expect(await (await post(of.client, "change-email/approve", { token: first })).json()).toEqual({ done: false });
			const token = await tokenTo(to, /new address/);
			return posting(of, "change-email/approve", { token: `${token}x` }, { token });
		},
	},
	"api-key-made": {
		route: "",
		subject: "An API key was created",
		repeats: true,
		ready: async ({ client }) => ({
			fails: () => send(client, "/api/keys", { name: "", scopes: ["chat"] }),
			change: () => send(client, "/api/keys", { name: "of a program", scopes: ["chat"] }),
		}),
	},
};

/** Routes that require a proof but are only a step: what they store grants no access. */
const STEPS = ["second-factor/set-up", "passkey/options", "change-email"];

const kinds = Object.entries(WAYS) as [WayInChange["kind"], Way][];

interface Row {
	event: string;
	state: string;
}

/** The events of mails about changes, once all of these mails have been sent. */
const events = () =>
	eventually(async () => {
		const { results } = await env.DB.prepare("SELECT event, state FROM mails WHERE event LIKE 'way-in/%' ORDER BY rowid").all<Row>();
		expect(results.map(({ state }) => state)).toEqual(results.map(() => "sent"));
		return results.map(({ event }) => event.split("/")[1]);
	});
const mailsTo = async (address: string) => (await sandboxState()).mailbox.filter(({ to }) => to === address);
const forget = () => env.DB.prepare("DELETE FROM mails").run();

/** Waits until the mails of earlier responses are stored, by making a later change in another account and waiting for its mail. */
async function settled(): Promise<void> {
	const { client, email } = await account();
	expect((await send(client, "/api/keys", { name: "the last", scopes: ["chat"] })).status).toBe(201);
	await eventually(async () => expect((await mailsTo(email)).map(({ subject }) => subject)).toContain("An API key was created"));
}

/** The secrets in an answer: passwords, and the keys, codes and tokens in it. */
function secretsIn(answers: string[]): string[] {
	const found = answers.flatMap(
		(answer) => answer.match(/key_[\w-]{43}|(?<=")[a-z1-9]{4}(?:-[a-z1-9]{4}){2}(?=")|(?<="token":")[^"]+/g) ?? [],
	);
	return [PASSWORD, NEW_PASSWORD, ...found];
}

describe("the mail about a changed way in", () => {
	test.each(kinds)("is one for each change, none for a failed attempt, and none for a repeat: %s", async (kind, way) => {
		const of = await (way.account ?? account)();
		const { fails, change } = await way.ready(of);
		await settled();
		await forget();
		const before = (await mailsTo(of.email)).length;

		await (await fails()).text();
		await settled();
		expect(await events()).toEqual(["api-key-made"]);
		await forget();

		const answers = [...(await Promise.all([change(), change()])), await change()];
		const bodies = await Promise.all(answers.map((answer) => answer.text()));
		await settled();
		const changes = way.repeats ? answers.filter(({ ok }) => ok).length : 1;
		expect(await events()).toEqual([...Array<string>(changes).fill(kind), "api-key-made"]);

		const mails = (await mailsTo(of.email)).slice(before).filter(({ subject }) => subject !== "New sign-in to your account");
		expect(mails.map(({ subject }) => subject)).toEqual(Array<string>(changes).fill(way.subject));
		for (const { text } of mails) {
			expect(text).toMatch(/Firefox on Linux, \w+ \d+, \d{4}, \d+:\d\d/);
			expect(text).toContain(kind === "api-key-made" ? "http://localhost/account/keys" : "http://localhost/account/profile");
			if (kind !== "email-changed") expect(text).toContain("\n\nhttp://localhost/sign-in\n\n");
			for (const secret of secretsIn(bodies)) expect(text).not.toContain(secret);
		}
		for (const secret of [of.email, ...secretsIn(bodies)]) expect(logLines.join("\n")).not.toContain(secret);
	});

	test("covers every route that changes a way in", () => {
		const routes = new Set([...kinds.map(([, { route }]) => route), ...STEPS]);
		expect([...ASKS_FOR_PROOF].filter((route) => !routes.has(route))).toEqual([]);
		const known = AUTH_ROUTES.map((route) => route.split(" ")[1]);
		expect([...routes].filter((route) => route !== "" && !known.includes(route))).toEqual([]);
	});

	test("is in the reader's language, and is the only mail when a new password signs out everywhere", async () => {
		const { client, email } = await account();
		const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, revokeOtherSessions: true };
		expect((await post(client, "change-password", body, "de")).status).toBe(200);
		await settled();
		const [, mail, ...more] = await mailsTo(email);
		expect(more).toEqual([]);
		expect(mail?.subject).toBe("Dein Passwort wurde geändert");
		expect(mail?.text).toContain("Firefox auf Linux");
		expect(mail?.text).toContain("„Passwort vergessen?“");
	});

	test("about a new address goes to the old one, and names the new one", async () => {
		const of = await account();
		await (await WAYS["email-changed"].ready(of)).change();
		const text = await eventually(async () => {
			const found = (await mailsTo(of.email)).find(({ subject }) => subject === "Your email address was changed");
			expect(found).toBeDefined();
			return found?.text ?? "";
		});
		const now = await env.DB.prepare("SELECT email FROM users WHERE id = ?").bind(of.id).first<string>("email");
		expect(text).toContain(`is ${now} now`);
		expect((await mailsTo(now ?? "")).map(({ subject }) => subject)).toEqual(["Change your email address"]);
	});

	test("is sent even if the sign-in that follows the change is refused because the second factor is missing", async () => {
		const of = await account();
		await enableApp(of);
		await forget();
		const reset = await post(new Client(), "mail/password", { token: await resetToken(of.email), password: NEW_PASSWORD });
		const linked = await come(new Client(), { email: of.email });
		expect([reset.status, linked.headers.get("location")]).toEqual([401, expect.stringContaining("SECOND_FACTOR_NEEDED")]);
		await settled();
		expect((await events()).toSorted()).toEqual(["api-key-made", "password-reset", "provider-linked"]);
	});

	test("is sent even if the request fails after the change was written", async () => {
		const of = await account();
		const token = await resetToken(of.email);
		await forget();
		await breakTable("sessions");
		expect((await post(new Client(), "mail/password", { token, password: NEW_PASSWORD })).status).toBe(503);
		await eventually(async () => expect(await events()).toEqual(["password-reset"]));
		expect((await mailsTo(of.email)).at(-1)?.subject).toBe(WAYS["password-reset"].subject);
	});

	test("is not sent to an unconfirmed address, nor to the person who has just confirmed it", async () => {
		const [typed, byMail, byProvider] = [
			await account({ confirmed: false }),
			await account({ confirmed: false }),
			await account({ confirmed: false }),
		];
		const changed = await post(typed.client, "change-password", { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
		const made = await send(typed.client, "/api/keys", { name: "of a program", scopes: ["chat"] });
		const reset = await post(new Client(), "mail/password", { token: await resetToken(byMail.email), password: NEW_PASSWORD });
		await come(new Client(), { email: byProvider.email });
		expect([changed.status, made.status, reset.status]).toEqual([200, 201, 200]);
		await accountByProvider();
		await settled();
		expect(await events()).toEqual(["api-key-made"]);
	});
});

describe("a change", () => {
	const change = ({ client }: Account) => post(client, "change-password", { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });

	test("that adds a way in is limited to twenty an hour per account, even concurrently; removing one is not limited", async () => {
		const of = await account();
		await enableApp(of);
		await Promise.all(Array.from({ length: 3 }, () => post(new Client(), "second-factor/recovery")));
		const renewed = await Promise.all(Array.from({ length: 22 }, () => post(of.client, "second-factor/recovery")));
		expect(renewed.map(({ status }) => status).toSorted()).toEqual([...Array<number>(19).fill(200), 429, 429, 429]);
		const refused = await (await change(of)).json();
		expect(refused).toMatchObject({
			type: "urn:parley:problem:too-many-attempts",
			detail: expect.stringContaining("changed how you sign in"),
		});
		expect((await post(of.client, "second-factor/remove")).status).toBe(200);
		expect((await post(new Client(), "mail/password", { token: await resetToken(of.email), password: NEW_PASSWORD })).status).toBe(200);
		expect((await change(await account())).status).toBe(200);
	});

	test("does not wait for a mail endpoint that never answers, and its mail is sent later", async () => {
		const of = await account();
		setAppTimeouts(300);
		await faults({ api: [{ path: "/__sandbox/mail", hang: true }] });
		await forget();
		expect((await change(of)).status).toBe(200);
		const row = () => env.DB.prepare("SELECT state FROM mails").first<string>("state");
		await eventually(async () => expect(await row()).toBe("waiting"));
		const told = async () => (await mailsTo(of.email)).filter(({ subject }) => subject === "Your password was changed");
		expect(await told()).toEqual([]);
		await faults({});
		await env.DB.prepare("UPDATE mails SET due_at = 0 WHERE due_at IS NOT NULL").run();
		await runCron();
		expect(await told()).toHaveLength(1);
	});

	test("is made even if its mail cannot be stored, and the log does not identify the account", async () => {
		const of = await account();
		await breakTable("mails");
		expect((await change(of)).status).toBe(200);
		await eventually(async () => expectLogged(/could not store a mail/, of.email, of.id, PASSWORD, NEW_PASSWORD));
		expect((await post(new Client(), "sign-in/email", { email: of.email, password: NEW_PASSWORD })).status).toBe(200);
	});
});
