import { nanoid } from "nanoid";
import { Refusal } from "../billing/refusal.ts";

const patienceMs = 60_000;

/** One browser at the app, over its public HTTP API: it keeps its cookies, which another browser can take over. */
export class AppBrowser {
	readonly #cookies = new Map<string, string>();
	readonly #appUrl: string;

	/** `cookieHeader` is what another browser sends: this one goes on as it. */
	constructor(appUrl: string, cookieHeader = "") {
		this.#appUrl = appUrl;
		for (const pair of cookieHeader.split("; ")) if (pair !== "") this.#take(pair);
	}

	#take(line: string): void {
		this.#cookies.set(line.split("=", 1)[0] ?? "", line);
	}

	/** The `Set-Cookie` lines as the app sent them, the last of each name. */
	get cookies(): string[] {
		return [...this.#cookies.values()];
	}

	/** @throws Refusal when the app is not there or does not answer with success. */
	async fetch(method: "GET" | "POST", path: string, json?: unknown): Promise<Response> {
		const pairs = this.cookies.map((line) => line.split(";", 1)[0]);
		const headers: Record<string, string> = { ...(pairs.length > 0 ? { cookie: pairs.join("; ") } : {}) };
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

	/** Becomes a guest, as by loading the page. */
	async visit(): Promise<void> {
		await (await this.fetch("GET", "/")).body?.cancel();
	}

	async signUp(name: string): Promise<{ id: string; email: string }> {
		const email = `${name.toLowerCase().replaceAll(" ", ".")}.${nanoid(6).toLowerCase().replaceAll(/[-_]/g, "0")}@example.com`;
		const response = await this.fetch("POST", "/api/auth/sign-up/email", { name, email, password: seedPassword });
		const { user } = (await response.json()) as { user: { id: string } };
		return { id: user.id, email };
	}

	/** Sends a message in a chat of its own and hears the answer to its end. */
	async chat(text: string): Promise<void> {
		const message = { id: nanoid(), role: "user", parts: [{ type: "text", text }] };
		await (await this.fetch("POST", "/api/chat/ai", { id: nanoid(), messages: [message], trigger: "submit-message" })).text();
	}

	/** So many chats, a few at a time: the app has a limit for what one asks at once. */
	async chats(count: number): Promise<void> {
		let next = 1;
		const one = async () => {
			while (next <= count) await this.chat(`Seed ${next++} of ${count}`);
		};
		await Promise.all([one(), one(), one(), one()]);
	}
}

/**
 * The `Set-Cookie` lines that make a browser nobody at the app: signed out, and no guest either. Somebody who stays a
 * guest while becoming a user brings the guest's requests along.
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

/** What everyone of a scenario signs in with. */
export const seedPassword = "correct horse";
