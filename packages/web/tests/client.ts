import { env, exports } from "cloudflare:workers";
import type { BillingView } from "../src/view/billing.ts";
import type { AnswerMetadata, SourcePart } from "../src/view/chat.ts";
import type { Problem } from "../src/view/problem.ts";
import type { UsageView } from "../src/view/usage.ts";

const ORIGIN = "http://localhost";

/** better-auth counts the requests of one address, and all tests share its counts. */
const anyAddress = () => ({ "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });

/** One browser, which keeps its cookies and calls the built Worker. `ip` is the address that the edge would report; null is this machine. */
export class Client {
	readonly cookies = new Map<string, string>();
	readonly #ip: string | null;

	constructor(ip: string | null = null) {
		this.#ip = ip;
	}

	async fetch(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
		const headers = new Headers(init.headers);
		if (this.cookies.size > 0) headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
		if (this.#ip) headers.set("cf-connecting-ip", this.#ip);
		if (init.json !== undefined) headers.set("content-type", "application/json");
		const body = init.json === undefined ? init.body : JSON.stringify(init.json);
		const url = path.startsWith("http") ? path : ORIGIN + path;
		const response = await exports.default.fetch(new Request(url, { redirect: "manual", ...init, headers, body }));
		for (const line of response.headers.getSetCookie()) {
			const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
			if (value === "" || /max-age=0/i.test(line)) this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
		return response;
	}

	post(path: string, json: unknown, headers: HeadersInit = {}): Promise<Response> {
		return this.fetch(path, { method: "POST", json, headers });
	}

	async usage(): Promise<UsageView> {
		return (await this.fetch("/api/usage")).json();
	}

	/** Sends a message as useChat does. The caller reads the response's body. */
	send(chatId: string, messageId: string, options: { text?: string; model?: string; key?: string } = {}): Promise<Response> {
		const message = { id: messageId, role: "user", parts: [{ type: "text", text: options.text ?? "Hello" }] };
		const json = { id: chatId, messages: [message], trigger: "submit-message", ...(options.model ? { model: options.model } : {}) };
		return this.post("/api/chat/ai", json, options.key ? { "idempotency-key": options.key } : {});
	}

	/** Sends a message and reads its answer to the end. */
	async chat(chatId: string, messageId: string, options: { text?: string; key?: string } = {}): Promise<Answer> {
		return hear(await this.send(chatId, messageId, options));
	}

	/** Gets a guest cookie by loading a page. */
	async visit(): Promise<this> {
		await (await this.fetch("/")).body?.cancel();
		return this;
	}

	async signUp(email = `${crypto.randomUUID()}@example.com`): Promise<{ id: string; email: string }> {
		const response = await this.post("/api/auth/sign-up/email", { name: "Ada", email, password: "correct horse" }, anyAddress());
		if (!response.ok) throw new Error(`sign-up: ${response.status} ${await response.text()}`);
		return (await response.json<{ user: { id: string; email: string } }>()).user;
	}

	/** Follows the confirmation link in the sandbox's mailbox. */
	async confirm(email: string): Promise<void> {
		// The mail is sent after the response.
		const link = await eventually(async () => {
			const { mailbox } = await sandboxState();
			const mail = mailbox.find((one) => one.to === email);
			const found = /https?:\S+verify-email\S+/.exec(mail?.text ?? "")?.[0];
			if (!found) throw new Error(`no confirmation mail for ${email}`);
			return found;
		});
		const response = await this.fetch(link, { headers: anyAddress() });
		if (response.status !== 302) throw new Error(`confirmation: ${response.status} ${await response.text()}`);
	}

	/** Opens a checkout for a plan or top-up. @returns the address to pay at */
	async checkout(priceSlug: string): Promise<string> {
		const response = await this.post("/api/billing/checkout", { priceSlug });
		if (!response.ok) throw new Error(`checkout: ${response.status} ${await response.text()}`);
		return (await response.json<{ url: string }>()).url;
	}

	/** The plans, cards and invoices of the account page. */
	async billing(): Promise<BillingView> {
		return (await this.fetch("/api/billing")).json();
	}

	/** Buys a plan or top-up: the app's checkout, then "Pay" on the provider's page. */
	async buy(priceSlug: string): Promise<void> {
		await pay(await this.checkout(priceSlug));
	}

	async subscribe(): Promise<{ id: string; email: string }> {
		const user = await this.signUp();
		await this.confirm(user.email);
		await this.buy("pro_monthly");
		return user;
	}
}

/** Presses a button of the provider's checkout page. */
export async function pay(url: string, form: Record<string, string> = { action: "pay" }): Promise<void> {
	await fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
}

export interface Answer {
	status: number;
	/** The message's id. */
	id: string;
	/** The text of all deltas. */
	text: string;
	/** The reasoning of all deltas. */
	thoughts: string;
	/** The types of its parts, in the order in which they begin. */
	parts: string[];
	/** The pages that its searches found. */
	sources: SourcePart[];
	metadata: AnswerMetadata;
	/** The type of the last chunk: finish, error or abort. */
	last: string;
	problem: Problem | null;
}

/** Reads an answer's stream to its end. */
export async function hear(response: Response): Promise<Answer> {
	const body = await response.text();
	if (response.status !== 200)
		return {
			status: response.status,
			id: "",
			text: "",
			thoughts: "",
			parts: [],
			sources: [],
			metadata: {},
			last: "",
			problem: body ? JSON.parse(body) : null,
		};
	const chunks = body
		.split("\n\n")
		.filter((event) => event.startsWith("data: {"))
		.map((event) => JSON.parse(event.slice("data: ".length)));
	const metadata = Object.assign({}, ...chunks.map((chunk) => chunk.messageMetadata ?? {}));
	const allOf = (type: string) => chunks.map((chunk) => (chunk.type === type ? chunk.delta : "")).join("");
	const parts = chunks.flatMap(({ type }) => /^(text|reasoning)-start$/.exec(type)?.[1] ?? []);
	return {
		status: 200,
		id: chunks[0]?.messageId ?? "",
		text: allOf("text-delta"),
		thoughts: allOf("reasoning-delta"),
		parts,
		sources: chunks.filter(({ type }) => type === "source-url"),
		metadata,
		last: chunks.at(-1)?.type ?? "",
		problem: null,
	};
}

export interface SandboxState {
	customers: { id: string; externalId: string; archived: boolean; email: string }[];
	subscriptions: { id: string; status: string; isFreePlan: boolean; customerId: string; priceId: string }[];
	checkoutSessions: { id: string; status: string; priceId: string | null; quantity: number; customerId: string | null }[];
	payments: { amount: number; status: string }[];
	usageEvents: { transactionId: string; amount: number; subscriptionId: string }[];
	mailbox: { to: string; subject: string; text: string }[];
	modelCalls: {
		messages: { role: string; content: unknown }[];
		fields: Record<string, unknown>;
		url: string;
		headers: Record<string, string>;
		aborted: boolean;
		model: string;
	}[];
	searches: { kind: string; query: string }[];
	calls: Record<string, number>;
	faults: { api: { times?: number }[] };
	stripe: {
		customers: { id: string; name: string | null; email: string | null; metadata: Record<string, string> }[];
		checkoutSessions: { id: string; status: string; customer: string }[];
		portalSessions: { id: string; configuration: string; return_url: string | null }[];
		subscriptions: { id: string; status: string; customer: string }[];
		charges: { id: string; customer: string | null; payment_intent: string; amount: number; metadata: Record<string, string> }[];
		meterEvents: { identifier: string; payload: Record<string, string> }[];
		events: { id: string; type: string; created: number; data: { object: object } }[];
	};
}

export async function sandboxState(): Promise<SandboxState> {
	return (await fetch(`${env.SANDBOX_URL}/__sandbox/state`)).json();
}

/** Replaces the sandbox's faults; `{}` removes them. */
export async function faults(set: { model?: Record<string, unknown>; [key: string]: unknown }): Promise<void> {
	const quick = { firstTokenMs: 5, chunks: 4, chunkMs: 1 };
	await control("faults", { ...set, model: { ...quick, ...set.model } });
}

/** Puts a user's customer into one of the sandbox's scenarios. */
export async function scenario(name: string, userId: string): Promise<void> {
	const customer = (await sandboxState()).customers.find((one) => one.externalId === userId && !one.archived);
	await control(`scenarios/${name}`, { customerId: customer?.id });
}

/** Changes the sandbox's behavior or price list until it is reset. */
export async function settings(set: Record<string, boolean | number>): Promise<void> {
	await control("settings", set);
}

export async function control(what: string, body: object): Promise<Response> {
	const response = await fetch(`${env.SANDBOX_URL}/__sandbox/${what}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(body),
	});
	if (!response.ok) throw new Error(await response.text());
	return response;
}

/** Moves the sandbox's clock and reports it to the app as the sandbox does. @returns the clock's instant, epoch milliseconds */
export async function moveClock(
	body: { advanceMs: number } | { nowMs: number } | { offsetMs: number } | { frozen: boolean },
): Promise<number> {
	const moved = await control("clock", body);
	const { nowMs, offsetMs, frozenAtMs } = await moved.json<{ nowMs: number; offsetMs: number; frozenAtMs: number | null }>();
	const told = await new Client().post("/api/dev/clock", { nowMs, offsetMs, frozenAtMs });
	if (told.status !== 204) throw new Error(`the app did not follow the clock: ${told.status}`);
	return nowMs;
}

export async function resetSandbox(): Promise<void> {
	await (await fetch(`${env.SANDBOX_URL}/__sandbox/reset`, { method: "POST" })).body?.cancel();
	await faults({});
}

/** Retries until the check passes. The deadline is generous: it only ends a test that would never pass. @throws the last error */
export async function eventually<T>(check: () => Promise<T>, withinMs = 25_000): Promise<T> {
	// `Date.now` may be replaced (app-time.ts).
	const deadline = performance.now() + withinMs;
	for (;;) {
		try {
			return await check();
		} catch (error) {
			if (performance.now() > deadline) throw error;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}
