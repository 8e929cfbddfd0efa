import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { setAppTimeouts } from "../app-time.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

// Exactly one mail per event, whatever the endpoint does, however often the cron trigger runs, and wherever an attempt dies.

const id = () => crypto.randomUUID();
const PATH = "/__sandbox/mail";

/** Runs the Worker's cron trigger, as the platform does. The types of `exports` only know `fetch`. */
const runCron = (): Promise<void> => (exports.default as unknown as { scheduled(): Promise<void> }).scheduled();

interface Row {
	event: string;
	state: string;
	letter: string | null;
	attempts: number;
	due_at: number | null;
}

const rows = async () => (await env.DB.prepare("SELECT * FROM mails ORDER BY rowid").all<Row>()).results;
/** Makes every pending wait due. */
const wait = () => env.DB.prepare("UPDATE mails SET due_at = 0 WHERE due_at IS NOT NULL").run();
const calls = async () => ((await sandboxState()) as unknown as { calls: Record<string, number> }).calls[`POST ${PATH}`] ?? 0;

beforeEach(async () => {
	await resetSandbox();
	await env.DB.prepare("DELETE FROM mails").run();
});

/** Signs up, which sends a mail, and waits until its first attempt has ended. */
async function signUp(): Promise<{ to: string; user: Client }> {
	const user = new Client();
	const { email } = await user.signUp();
	await eventually(async () => {
		const row = (await rows()).at(-1);
		expect(row?.letter === null || row?.letter?.includes(email)).toBe(true);
		expect(row?.state).not.toBe("sending");
		expect(row?.attempts).toBeGreaterThan(0);
	});
	return { to: email, user };
}

const mailsTo = async (address: string) => (await sandboxState()).mailbox.filter(({ to }) => to === address);

const FAULTS: [string, object][] = [
	["fails", { status: 500 }],
	["is busy", { status: 429 }],
	["refuses the deployment's key for a while", { status: 401 }],
	["takes the mail and cuts the connection", { dropAfterCommit: true }],
	["never answers", { hang: true }],
];

describe("an event's mail", () => {
	test("is sent once, as HTML and as text, and then only the event is kept", async () => {
		const { to } = await signUp();
		const [mail, ...more] = (await mailsTo(to)) as unknown as { text: string; html: string }[];
		expect(more).toEqual([]);
		const link = /https?:\S+verify-email\S+/.exec(mail?.text ?? "")?.[0] ?? "";
		expect(mail?.html).toContain(`href="${link.replaceAll("&", "&amp;")}"`);
		expect(mail?.html).toContain("Confirm email address");
		expect(mail?.text).toContain("/imprint");
		expect(await rows()).toMatchObject([{ state: "sent", letter: null, due_at: null, attempts: 1 }]);
	});

	test.each(FAULTS)("is sent once when the endpoint %s", async (_, fault) => {
		setAppTimeouts(300);
		await faults({ api: [{ path: PATH, times: 2, ...fault }] });
		const { to } = await signUp();
		expect((await rows())[0]).toMatchObject({ state: "waiting", attempts: 1 });
		// Not before it is due.
		await runCron();
		expect((await rows())[0]).toMatchObject({ attempts: 1 });
		for (let run = 0; run < 2; run += 1) {
			await wait();
			await runCron();
		}
		expect(await mailsTo(to)).toHaveLength(1);
		expect(await rows()).toMatchObject([{ state: "sent", letter: null, attempts: 3 }]);
		await wait();
		await runCron();
		expect(await mailsTo(to)).toHaveLength(1);
	});

	test("is attempted once when many cron runs overlap", async () => {
		await faults({ api: [{ path: PATH, times: 1, status: 503 }] });
		const { to } = await signUp();
		const before = await calls();
		await wait();
		await Promise.all(Array.from({ length: 20 }, runCron));
		expect((await calls()) - before).toBe(1);
		expect(await mailsTo(to)).toHaveLength(1);
	});

	test("is sent once even if the attempt that delivered it died before recording so", async () => {
		const { to } = await signUp();
		const [sent] = (await mailsTo(to)) as unknown as { from: string; subject: string; text: string; html: string }[];
		const letter = { from: sent?.from, to, subject: sent?.subject, html: sent?.html, text: sent?.text };
		// What such an attempt leaves behind: the mail, and a lease that expires.
		await env.DB.prepare("UPDATE mails SET state = 'sending', letter = ?, due_at = ?")
			.bind(JSON.stringify(letter), Date.now() + 60_000)
			.run();
		await runCron();
		expect((await rows())[0]).toMatchObject({ state: "sending", attempts: 1 });
		await wait();
		await runCron();
		expect(await rows()).toMatchObject([{ state: "sent", letter: null, attempts: 2 }]);
		expect(await mailsTo(to)).toHaveLength(1);
	});

	test("is sent once the endpoint has accepted it, even if the response body never ends", async () => {
		await faults({ api: [{ path: PATH, stall: true }] });
		const { to } = await signUp();
		expect(await rows()).toMatchObject([{ state: "sent", letter: null, attempts: 1 }]);
		expect(await mailsTo(to)).toHaveLength(1);
	});

	test("is given up when the endpoint refuses it permanently", async () => {
		await faults({ api: [{ path: PATH, status: 422 }] });
		const { to } = await signUp();
		expect(await rows()).toMatchObject([{ state: "refused", letter: null, due_at: null }]);
		await faults({});
		await runCron();
		expect(await mailsTo(to)).toEqual([]);
	});

	test("is not sent once its link has expired: recorded as refused if it was never accepted, as unknown if it may have been", async () => {
		for (const [fault, state] of [
			[{ status: 429 }, "refused"],
			[{ dropAfterCommit: true }, "unknown"],
		] as const) {
			await env.DB.prepare("DELETE FROM mails").run();
			await faults({ api: [{ path: PATH, ...fault }] });
			await signUp();
			await faults({});
			await env.DB.prepare("UPDATE mails SET first_tried_at = ?")
				.bind(Date.now() - 3_700_000)
				.run();
			const before = await calls();
			await wait();
			await runCron();
			expect(await calls()).toBe(before);
			expect(await rows()).toMatchObject([{ state, letter: null }]);
		}
	});

	test("is sent exactly once for any sequence of faults", async () => {
		setAppTimeouts(200);
		const kinds = FAULTS.map(([, fault]) => fault);
		let seed = 20_261_130;
		const random = (max: number) => {
			seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
			return seed % max;
		};
		const people: string[] = [];
		for (let round = 0; round < 6; round += 1) {
			await faults({ api: Array.from({ length: 1 + random(4) }, () => ({ path: PATH, times: 1, ...kinds[random(kinds.length)] })) });
			people.push((await signUp()).to);
			await wait();
			await Promise.all([runCron(), runCron(), runCron()]);
		}
		await faults({});
		// On a busy machine an attempt may exceed its 200 ms.
		await eventually(async () => {
			await wait();
			await Promise.all([runCron(), runCron()]);
			expect((await rows()).map(({ state }) => state)).toEqual(people.map(() => "sent"));
		});
		for (const to of people) expect(await mailsTo(to), to).toHaveLength(1);
	});
});

describe("the mail about a new sign-in", () => {
	const signIn = (client: Client, email: string, agent: string, language = "en") =>
		client.post(
			"/api/auth/sign-in/email",
			{ email, password: "correct horse" },
			{ "user-agent": agent, "accept-language": language, "cf-connecting-ip": `10.1.${Math.trunc(performance.now()) % 250}.7` },
		);
	const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
	const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/19.0 Safari/605";

	test("names the browser and time, is sent once per browser in the reader's language, and never to an unconfirmed address", async () => {
		const { to, user } = await signUp();
		const subjects = async () => (await mailsTo(to)).map(({ subject }) => subject);
		expect((await signIn(new Client(), to, FIREFOX)).status).toBe(200);
		await user.confirm(to);
		expect(await subjects()).toEqual(["Confirm your email address"]);
		expect((await signIn(new Client(), to, PHONE, "de")).status).toBe(200);
		await eventually(async () => expect(await subjects()).toContain("Neue Anmeldung in deinem Konto"));
		const mail = (await mailsTo(to)).at(-1);
		expect(mail?.text).toContain("Safari auf iPhone");
		expect(mail?.text).toContain("/account/profile");
		expect((await signIn(new Client(), to, PHONE)).status).toBe(200);
		expect((await signIn(new Client(), to, FIREFOX)).status).toBe(200);
		await eventually(async () => expect(await subjects()).toHaveLength(3));
		expect((await subjects()).slice(1)).toEqual(["Neue Anmeldung in deinem Konto", "New sign-in to your account"]);
	});
});

describe("the mails about usage", () => {
	const record = (userId: string, units: number) =>
		env.USAGE_LEDGER.getByName(`user:${userId}`).record(`user:${userId}`, { id: id(), fingerprint: "", units, chatId: null });

	test("are sent at 80 % and at 100 % of a plan, once per window, whatever is counted at a time", async () => {
		const user = new Client();
		const { id: userId, email } = await user.subscribe();
		await user.usage();
		const subjects = async () => (await mailsTo(email)).map(({ subject }) => subject).filter((subject) => /used/.test(subject));
		await record(userId, 799);
		expect(await subjects()).toEqual([]);
		await Promise.all(Array.from({ length: 10 }, () => record(userId, 1)));
		await eventually(async () => expect(await subjects()).toEqual(["You have used 80% of your requests"]));
		await Promise.all(Array.from({ length: 3 }, () => record(userId, 50)));
		await record(userId, 41);
		await eventually(async () =>
			expect(await subjects()).toEqual(["You have used 80% of your requests", "You have used all of your requests"]),
		);
		const mail = (await mailsTo(email)).at(-1);
		expect(mail?.text).toContain("1,000");
		expect(mail?.text).toContain("https://parley.example/account/usage");
	});

	test("are not sent for the free day unless the account turns them on", async () => {
		const user = new Client();
		const { id: userId, email } = await user.signUp();
		await user.confirm(email);
		await record(userId, 17);
		await eventually(async () => expect((await rows()).length).toBeGreaterThan(0));
		expect((await rows()).filter(({ event }) => event.startsWith("used-"))).toEqual([]);
		expect((await user.post("/api/mail-settings", { tellsUsage: true })).status).toBe(200);
		await record(userId, 3);
		await eventually(async () => expect((await mailsTo(email)).at(-1)?.subject).toBe("You have used all of your requests"));
		expect((await rows()).filter(({ event }) => event.startsWith("used-"))).toHaveLength(1);
	});
});
