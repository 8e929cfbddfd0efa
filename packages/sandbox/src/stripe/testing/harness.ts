import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Stripe from "stripe";
import { onTestFinished } from "vitest";
import { type SandboxOptions, startSandbox } from "../../sandbox.ts";
import type { State } from "../../state.ts";
import { checkedFetch } from "../../testing/checked-fetch.ts";
import { checkStripe } from "./schemas/answers.ts";

const stripeSecretKey = "sk_test_sandbox";
export const stripeWebhookSecret = "whsec_test";

export const daySeconds = 24 * 60 * 60;

/** A running sandbox and the official SDK, ended with the test. Every answer of its Stripe API is validated. */
export async function runStripe(options: Partial<SandboxOptions> = {}) {
	const sandbox = await startSandbox({ port: 0, secretKey: "unused", ...options });
	onTestFinished(() => sandbox.close());
	const { url, port } = sandbox;
	const checked = checkedFetch("/v1/", checkStripe);
	const httpClient = Stripe.createFetchHttpClient(checked.fetch);
	const client = (config: object = {}) =>
		new Stripe(stripeSecretKey, { host: "localhost", port, protocol: "http", maxNetworkRetries: 0, httpClient, ...config });
	const control = async (method: string, path: string, body?: unknown) => {
		const json = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
		const response = await fetch(`${url}/__sandbox${path}`, { method, ...json });
		const answer = await response.json();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
		return answer;
	};
	const submit = (pageUrl: string, fields: Record<string, string>) =>
		fetch(pageUrl, { method: "POST", redirect: "manual", body: new URLSearchParams(fields) });
	const stripe = client();
	const priceOf = async (lookupKey: string) => {
		const { data } = await stripe.prices.list({ lookup_keys: [lookupKey] });
		const [price] = data;
		if (price === undefined) throw new Error(`No price ${lookupKey}`);
		return price;
	};
	const open = async (customer: string, lookupKey: string, extra: Partial<Stripe.Checkout.SessionCreateParams> = {}) => {
		const price = await priceOf(lookupKey);
		return stripe.checkout.sessions.create({
			mode: price.recurring === null ? "payment" : "subscription",
			customer,
			line_items: [{ price: price.id, quantity: 1 }],
			success_url: "http://localhost:3000/welcome?session={CHECKOUT_SESSION_ID}",
			cancel_url: "http://localhost:3000/pricing",
			...extra,
		});
	};
	return {
		...sandbox,
		fetch: checked.fetch,
		validated: checked.validated,
		violations: checked.violations,
		stripe,
		client,
		control,
		submit,
		priceOf,
		/** Opens a checkout session as the app does. */
		open,
		/** Buys a price through a session and the checkout page. */
		buy: async (
			customer: string,
			lookupKey: string,
			{ card = "4242", ...extra }: { card?: string } & Partial<Stripe.Checkout.SessionCreateParams> = {},
		) => {
			const session = await open(customer, lookupKey, extra);
			await submit(session.url ?? "", { action: "pay", card });
			return stripe.checkout.sessions.retrieve(session.id);
		},
		/** Moves the sandbox's clock forward. */
		advance: (seconds: number) => control("POST", "/clock", { advanceMs: seconds * 1000 }),
		/** Moves the clock to an instant in epoch seconds. */
		moveTo: (atSeconds: number) => control("POST", "/clock", { nowMs: atSeconds * 1000 }),
		faults: (faults: object) => control("POST", "/faults", faults),
		settings: (settings: object) => control("POST", "/settings", settings),
		state: async () => ((await control("GET", "/state")) as State & { now: number }).stripe,
		eventTypes: async () => (await stripe.events.list({ limit: 100 })).data.map(({ type }) => type).toReversed(),
	};
}

/** A UTC date in epoch seconds. */
export function utc(year: number, month: number, day: number, hour = 0, minute = 0): number {
	return Date.UTC(year, month - 1, day, hour, minute) / 1000;
}

/** A customer who bought a plan at the checkout. The machine's clock is fixed at `startSeconds`. */
export async function withPlan(lookupKey = "pro_monthly", startSeconds = utc(2026, 1, 15, 9), options: Partial<SandboxOptions> = {}) {
	const sandbox = await runStripe({ now: () => startSeconds * 1000, ...options });
	const customer = await sandbox.stripe.customers.create({ email: "ada@example.com", name: "Ada" });
	const session = await sandbox.buy(customer.id, lookupKey);
	const id = String(session.subscription);
	const subscription = () => sandbox.stripe.subscriptions.retrieve(id);
	/** Makes the customer's default card the subscription's card, as an app does after the portal. */
	const adoptDefault = async () => {
		const { invoice_settings } = await sandbox.stripe.customers.update(customer.id, {});
		return sandbox.stripe.subscriptions.update(id, { default_payment_method: String(invoice_settings.default_payment_method) });
	};
	return { sandbox, stripe: sandbox.stripe, customer, session, id, subscription, adoptDefault };
}

/** The subscription's only item. */
export function itemOf(subscription: Stripe.Subscription): Stripe.SubscriptionItem {
	const [item] = subscription.items.data;
	if (item === undefined) throw new Error(`${subscription.id} has no item`);
	return item;
}

/** The StripeError that a call rejects with. Throws if the call succeeds. */
export async function errorOf(call: Promise<unknown>) {
	try {
		await call;
	} catch (error) {
		if (error instanceof Stripe.errors.StripeError) return error;
		throw error;
	}
	throw new Error("The call was not refused");
}

interface Received {
	event: Stripe.Event | null;
	signature: string;
}

/** A receiver of Stripe's webhooks. It records events, null for a wrong signature, and answers with the given statuses. */
export async function startStripeReceiver(answer: (count: number) => number = () => 200, secret = stripeWebhookSecret) {
	const received: Received[] = [];
	const sdk = new Stripe(stripeSecretKey);
	const server = createServer((request, response) => {
		let body = "";
		request.on("data", (chunk) => {
			body += chunk;
		});
		request.on("end", async () => {
			const signature = String(request.headers["stripe-signature"]);
			const event = await sdk.webhooks.constructEventAsync(body, signature, secret).catch(() => null);
			received.push({ event, signature });
			response.writeHead(answer(received.length)).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}
