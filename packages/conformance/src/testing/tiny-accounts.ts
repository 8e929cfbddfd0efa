import type { IncomingMessage, ServerResponse } from "node:http";
import { json, problem } from "./replies.ts";
import type { Traits } from "./traits.ts";

/** The usage and limit of one subject. */
export interface Account {
	tier: "guest" | "free";
	limit: number;
	used: number;
	held: number;
	closed: boolean;
}

const FREE_LIMIT = 20;
const DAY_MS = 86_400_000;

/** The subjects of a tiny chat: their cookies and usage, and how a guest becomes an account. */
export class TinyAccounts {
	readonly logins = new Map<string, string>();
	readonly #is: Traits;
	readonly #accounts = new Map<string, Account>();

	constructor(traits: Traits) {
		this.#is = traits;
	}

	giveCookie(response: ServerResponse, subject: string): void {
		response.setHeader("set-cookie", `tiny.guest=${subject}; Path=/; SameSite=Lax${this.#is.opensCookies ? "" : "; HttpOnly"}`);
	}

	/** The subject of a request's cookie; a new guest without a genuine one. */
	subjectOf(request: IncomingMessage): { subject: string; isNew: boolean } {
		const cookies = new Map((request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=") as [string, string]));
		const known = cookies.get("tiny.session") ?? cookies.get("tiny.guest");
		if (known && this.#is.trustsForgedCookies && !/^(user|guest)-/.test(known)) return { subject: "user-forged", isNew: false };
		const genuine = /^(user|guest)-/.test(known ?? "");
		return { subject: genuine && known ? known : `guest-${crypto.randomUUID()}`, isNew: !genuine };
	}

	/** The account of a subject, created on first use. */
	of(subject: string): Account {
		const tier = subject.startsWith("user-") ? "free" : "guest";
		const limit = tier === "free" ? FREE_LIMIT : (this.#is.guestLimit ?? 5);
		const account = this.#accounts.get(subject) ?? { tier, limit, used: 0, held: 0, closed: false };
		this.#accounts.set(subject, account);
		return account;
	}

	sendUsage(response: ServerResponse, subject: string): void {
		if (this.#is.countsReadings) this.of(subject).used += 1;
		const { tier, limit, used, held, closed } = this.of(subject);
		const none = closed || (tier === "guest" && this.#is.poolUsedUp);
		const day = dayAround(Date.now(), this.#is.shortensDay ? DAY_MS / 24 : DAY_MS);
		const window = tier === "free" ? day : { start: null, end: this.#is.inventsReset ? day.end : null };
		const remaining = none ? 0 : Math.max(0, limit - used - held) + (this.#is.inflatesRemaining ? 1 : 0);
		if (this.#is.cachesUsage) response.setHeader("cache-control", "max-age=60");
		json(response, 200, { tier, limit, used, held, remaining, topUps: 0, window, resetAt: window.end, unverified: false });
	}

	/** Signs up or in. Moves a guest's units and chats to the account. */
	authenticate(
		request: IncomingMessage,
		response: ServerResponse,
		subject: string,
		body: string,
		chats: Iterable<{ owner: string }>,
	): void {
		if (request.url?.endsWith("/sign-up/email") && this.#is.signUpLimited) {
			response.setHeader("x-retry-after", "60");
			json(response, 429, { message: "Too many requests" });
			return;
		}
		const { email = "" } = JSON.parse(body || "{}") as { email?: string };
		const user = this.logins.get(email) ?? `user-${crypto.randomUUID()}`;
		this.logins.set(email, user);
		const guest = this.of(subject);
		if (guest.tier === "guest" && (!guest.closed || this.#is.carriesAgain)) {
			this.of(user).used += guest.used;
			guest.closed = !this.#is.keepsGuestOpen;
			for (const chat of chats) if (chat.owner === subject && !this.#is.leavesChats) chat.owner = user;
		}
		response.setHeader("set-cookie", [
			`tiny.session=${user}; Path=/; SameSite=Lax${this.#is.opensSession ? "" : "; HttpOnly"}`,
			"tiny.guest=; Path=/; Max-Age=0",
		]);
		json(response, 200, { user: { id: user } });
	}

	/** Refuses a request at the limit. */
	refuse(response: ServerResponse, account: Account): void {
		const { tier, limit, used, held } = account;
		if (this.#is.countsRefusals) account.used += 1;
		const remaining = Math.max(0, limit - used - held);
		const upgradeUrl = this.#is.namesNoNextStep ? undefined : "/sign-up";
		problem(response, 429, "Usage limit reached", { policy: tier, tier, limit, remaining, resetAt: null, upgradeUrl });
	}
}

/** Sends an account's remaining units in the RateLimit fields. */
export function rateLimit(response: ServerResponse, { tier, limit, used, held }: Account): void {
	response.setHeader("ratelimit", `"${tier}";r=${Math.max(0, limit - used - held)}`);
	response.setHeader("ratelimit-policy", `"${tier}";q=${limit}`);
}

/** The UTC day around a time. Callers read the clock once: a second reading would move the start by a millisecond. */
function dayAround(nowMs: number, lengthMs: number): { start: string; end: string } {
	const startMs = nowMs - (nowMs % DAY_MS);
	return { start: new Date(startMs).toISOString(), end: new Date(startMs + lengthMs).toISOString() };
}
