import { isRecord } from "../answer.ts";
import { difference, shortQuestion, toUsage, usageOf } from "../context.ts";
import { Client, type Reply } from "../http.ts";
import { Checks, type Rule } from "../rule.ts";
import { checkCookie } from "./site.ts";

const DAY_MS = 86_400_000;

/** An ISO 8601 instant in ms; null for null, NaN for anything else. */
const instant = (value: unknown) => (value === null ? null : typeof value === "string" ? Date.parse(value) : Number.NaN);

/** Checks the published form of `GET /api/usage`, for a guest or a free account. */
export function checkUsage(checks: Checks, { json, headers }: Reply): void {
	const usage = isRecord(json) ? json : {};
	const window = isRecord(usage.window) ? usage.window : {};
	const [limit, used, held, remaining, topUps] = ["limit", "used", "held", "remaining", "topUps"].map((name) => {
		const value = usage[name];
		checks.that(Number.isInteger(value) && Number(value) >= 0, `${name} is ${String(value)}`);
		return Number(value);
	});
	const [left = 0, most = 0] = [remaining, (limit ?? 0) - (used ?? 0) - (held ?? 0) + (topUps ?? 0)];
	checks.that(left <= Math.max(0, most), `${left} remaining, but at most ${most} are possible`);
	checks.that(typeof usage.unverified === "boolean", `unverified is ${String(usage.unverified)}`);
	const [startMs, endMs] = [instant(window.start), instant(window.end)];
	checks.that(usage.resetAt === window.end, `resetAt is ${String(usage.resetAt)}, the window ends ${String(window.end)}`);
	const told = `the window is ${String(window.start)} to ${String(window.end)}`;
	if (usage.tier === "guest") checks.that(endMs === null, `${told}, but a guest's never ends`);
	if (usage.tier !== "free") return;
	const nowMs = Date.parse(headers.get("date") ?? "") || Date.now();
	checks.that(startMs !== null && startMs % DAY_MS === 0 && endMs === startMs + DAY_MS, `${told}, which is no UTC day`);
	// Allow a minute of clock skew.
	checks.that(
		startMs !== null && nowMs > startMs - 60_000 && nowMs < startMs + DAY_MS + 60_000,
		`${told}, but it is ${new Date(nowMs).toISOString()}`,
	);
}

const carryOver: Rule = {
	name: "guest-to-account",
	did: "a guest with one answer signs up; then its old cookie is used again, alone and to sign in",
	expected:
		"the account gets the chat and the unit once, in a UTC day's window; the old cookie has nothing left; the session cookie is HttpOnly and SameSite",
	calls: () => 0,
	uses: "newcomer",
	needsAccount: true,
	judge: async (context) => {
		const { client: person, question } = await context.guestWithOne();
		const guestUnits = (await usageOf(person)).used;
		const cookies = new Map(person.cookies);
		const login = await context.signUp(person);
		const usage = await person.read("/api/usage");
		const moved = toUsage(usage);
		if (moved.tier !== "guest") context.site.guestRequestsMoved += guestUnits;
		const stream = `/api/chat/${question.chatId}/stream`;
		const chat = (await person.read(stream)).status;

		const ghost = new Client(context.site);
		for (const [name, value] of cookies) ghost.cookies.set(name, value);
		const left = (await usageOf(ghost)).remaining;
		const kept = (await ghost.read(stream)).status;
		const signIn = await ghost.post("/api/auth/sign-in/email", login);
		const after = await usageOf(person);

		const checks = new Checks();
		checks.that(guestUnits === 1, `the guest's one answer counted ${guestUnits}`);
		checks.that(moved.tier !== "guest", "the account is still a guest");
		checkUsage(checks, usage);
		checks.that(moved.used === guestUnits, `the account started with ${moved.used} used, but the guest had ${guestUnits}`);
		checks.that(chat === 204, `the account got ${chat} for the guest's chat`);
		checks.that(left === 0, `the guest's old cookie has ${left} left`);
		// 409: the deployment answers that this guest has signed up.
		checks.that(kept === 404 || kept === 409, `the guest's old cookie got ${kept} for the chat`);
		const lines = signIn.headers.getSetCookie().filter((line) => !/^[^=]*=;|;\s*max-age=0\s*(;|$)/i.test(line));
		for (const line of lines) checkCookie(checks, line, context.site.origin);
		// Sign-in may be rate-limited. Then it cannot have moved the units twice.
		checks.that(signIn.status === 200 || signIn.status === 429, `sign-in got ${signIn.status}`);
		checks.that(difference(moved, after) === 0, `signing in with the old cookie counted ${difference(moved, after)} more`);
		return checks.finding(`the account started with ${moved.used} of ${moved.limit} used; the old cookie has ${left} left`);
	},
};

const foreignChat: Rule = {
	name: "foreign-chat",
	did: "a stranger requests somebody else's chat: page, stream, stop, delete, new message",
	expected: "404 each, as for a chat that does not exist, without any of its text; nothing counted; the owner keeps the chat",
	calls: () => 0,
	uses: "finished chat",
	judge: async (context) => {
		const { owner, question } = await context.finishedChat();
		const { chatId } = question;
		const stranger = await context.visit();
		const page = await stranger.read(`/c/${chatId}`);
		const tries = {
			page: page.status,
			stream: (await stranger.read(`/api/chat/${chatId}/stream`)).status,
			stop: (await stranger.post(`/api/chat/${chatId}/stop`, {})).status,
			delete: (await stranger.read(`/api/chat/${chatId}`, { method: "DELETE" })).status,
			write: (await (await stranger.ask({ ...shortQuestion(), chatId })).whole()).status,
		};
		const checks = new Checks();
		for (const [name, status] of Object.entries(tries)) checks.that(status === 404, `${name} got ${status}`);
		checks.that(!page.body.includes(question.text), "the page shows the stranger the question");
		const { used, held } = await usageOf(stranger);
		checks.that(used + held === 0, `the stranger has ${used} used and ${held} held`);
		const { status } = await owner.read(`/api/chat/${chatId}/stream`);
		checks.that(status === 204, `the owner got ${status}`);
		return checks.finding("404 five times, 0 counted");
	},
};

const billingClosed: Rule = {
	name: "billing-closed",
	did: "billing, checkout and usage events without a session",
	expected: '401 {"error":"Unauthorized"}',
	calls: () => 0,
	judge: async (context) => {
		const nobody = new Client(context.site);
		const replies = {
			billing: await nobody.read("/api/flowglad/billing"),
			checkout: await nobody.post("/api/flowglad/checkout", { priceSlug: "none" }),
			"usage events": await nobody.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }),
			"the SDK's calls": await nobody.post("/api/flowglad/customers/billing", {}),
		};
		const checks = new Checks();
		for (const [name, { status, body }] of Object.entries(replies)) {
			checks.that(status === 401, `${name} got ${status}`);
			if (status === 401) checks.that(body === '{"error":"Unauthorized"}', `${name} returned ${body.slice(0, 80)}`);
		}
		return checks.finding("401 four times");
	},
};

const adviceIsFree: Rule = {
	name: "usage-is-advice",
	did: "GET /api/usage 5 times as a new guest, and once with a forged cookie",
	expected: "the same numbers each time, in the published form, nothing used or held; private, no-store",
	calls: () => 0,
	judge: async (context) => {
		const guest = await context.visit();
		const replies = [];
		for (let n = 0; n < 5; n += 1) replies.push(await guest.read("/api/usage"));
		const forger = new Client(context.site);
		for (const name of guest.cookies.keys()) forger.cookies.set(name, "v1.made.up.entirely");
		const checks = new Checks();
		const looks = replies.map(toUsage);
		for (const reply of replies) checkUsage(checks, reply);
		// Other guests of the network may change the remaining units, but not this guest's used units.
		const kinds = new Set(looks.map(({ tier, limit, used, held }) => JSON.stringify({ tier, limit, used, held })));
		checks.that(kinds.size === 1, `reading changed it: ${[...kinds].join(" then ")}`);
		checks.that(
			looks.every(({ used, held }) => used + held === 0),
			"a new guest has used something",
		);
		checks.that(
			replies.every(
				({ headers }) => /private/.test(headers.get("cache-control") ?? "") && /no-store/.test(headers.get("cache-control") ?? ""),
			),
			"the response may be cached",
		);
		const forged = await usageOf(forger);
		checks.that(forged.tier === "guest" && forged.used === 0, `a forged cookie is ${forged.tier} with ${forged.used} used`);
		return checks.finding(`0 used of ${looks[0]?.limit} five times`);
	},
};

export const identity: Rule[] = [adviceIsFree, billingClosed, carryOver, foreignChat];
