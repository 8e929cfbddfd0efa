import { nanoid } from "nanoid";
import { Refusal } from "../billing/refusal.ts";

const patienceMs = 60_000;

/** A new IP address for each sign-up and sign-in, because the app limits them per network. */
function anyAddress(): Record<string, string> {
	return { "cf-connecting-ip": `10.${[...crypto.getRandomValues(new Uint8Array(3))].join(".")}` };
}

/** A client of the app's public HTTP API. It stores cookies, which a real browser can adopt. */
export class AppBrowser {
	readonly #cookies = new Map<string, string>();
	readonly #appUrl: string;

	/** With `cookieHeader` it continues the session of another browser. */
	constructor(appUrl: string, cookieHeader = "") {
		this.#appUrl = appUrl;
		for (const pair of cookieHeader.split("; ")) if (pair !== "") this.#take(pair);
	}

	#take(line: string): void {
		this.#cookies.set(line.split("=", 1)[0] ?? "", line);
	}

	/** The latest `Set-Cookie` line of each cookie. */
	get cookies(): string[] {
		return [...this.#cookies.values()];
	}

	/** @throws Refusal when the app is unreachable or answers with an error */
	async fetch(method: "GET" | "POST", path: string, json?: unknown, extra: Record<string, string> = {}): Promise<Response> {
		const pairs = this.cookies.map((line) => line.split(";", 1)[0]);
		const headers: Record<string, string> = { ...extra, ...(pairs.length > 0 ? { cookie: pairs.join("; ") } : {}) };
		if (json !== undefined) headers["content-type"] = "application/json";
		let response: Response;
		try {
			response = await fetch(`${this.#appUrl}${path}`, {
				method,
				headers,
				redirect: "manual",
				signal: AbortSignal.timeout(patienceMs),
				...(json === undefined ? {} : { body: JSON.stringify(json) }),
			});
		} catch {
			throw new Refusal("BAD_REQUEST", `The app does not answer at ${this.#appUrl}. Start it, then try again.`);
		}
		for (const line of response.headers.getSetCookie()) this.#take(line);
		if (response.status >= 400) {
			const words = (await response.text()).slice(0, 200);
			throw new Refusal("BAD_REQUEST", `The app answered ${method} ${path} with ${response.status}: ${words}`);
		}
		return response;
	}

	/** Loads the page, which makes this browser a guest. */
	async visit(): Promise<void> {
		await (await this.fetch("GET", "/")).body?.cancel();
	}

	async signUp(name: string): Promise<{ id: string; email: string }> {
		const email = `${name.toLowerCase().replaceAll(" ", ".")}.${nanoid(6).toLowerCase().replaceAll(/[-_]/g, "0")}@example.com`;
		const response = await this.fetch("POST", "/api/auth/sign-up/email", { name, email, password: seedPassword }, anyAddress());
		const { user } = (await response.json()) as { user: { id: string } };
		return { id: user.id, email };
	}

	/** Opens a confirmation link, then signs in again, because confirming may end this session. */
	async confirm(email: string, link: string): Promise<void> {
		const { pathname, search } = new URL(link);
		await (await this.fetch("GET", `${pathname}${search}`)).body?.cancel();
		await this.fetch("POST", "/api/auth/sign-in/email", { email, password: seedPassword }, anyAddress());
	}

	/** Sends a message in a new chat and reads the whole answer. */
	async chat(text: string): Promise<void> {
		const message = { id: nanoid(), role: "user", parts: [{ type: "text", text }] };
		await (await this.fetch("POST", "/api/chat/ai", { id: nanoid(), messages: [message], trigger: "submit-message" })).text();
	}

	/** Runs this many chats, four at a time: the app limits concurrent requests. */
	async chats(count: number): Promise<void> {
		let next = 1;
		const one = async () => {
			while (next <= count) await this.chat(`Seed ${next++} of ${count}`);
		};
		await Promise.all([one(), one(), one(), one()]);
	}
}

/**
 * The `Set-Cookie` lines that sign a browser out of the app and end its guest session too. Otherwise the guest's requests would move
 * to the next user.
 */
export async function farewell(appUrl: string, cookieHeader: string): Promise<string[]> {
	const stranger = new AppBrowser(appUrl);
	await stranger.visit();
	const guestNames = stranger.cookies.map((line) => line.split("=", 1)[0]);
	const leaving = new AppBrowser(appUrl, cookieHeader);
	const answer = await leaving.fetch("POST", "/api/auth/sign-out", {});
	await answer.body?.cancel();
	return [...guestNames.map((name) => `${name}=; Path=/; Max-Age=0`), ...answer.headers.getSetCookie()];
}

/** The password of every user that a scenario creates. */
export const seedPassword = "correct horse";
