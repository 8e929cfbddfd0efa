import { Flowglad } from "@flowglad/node";
import { FlowgladServer, FlowgladServerAdmin } from "@flowglad/server";
import { onTestFinished, vi } from "vitest";
import { type RunningSandbox, type SandboxOptions, startSandbox } from "../sandbox.ts";
import type { State } from "../state.ts";
import { type Check, checkedFetch } from "./checked-fetch.ts";
import { openContract } from "./contract.ts";
import { checkFlowglad } from "./schemas/flowglad-answers.ts";

export const secretKey = "sk_test_sandbox";

const contract = openContract();
const check: Check = (answer) => checkFlowglad(answer) ?? contract?.(answer) ?? null;

/** Refusals keep their documented codes, which tell tests the reason (domain-errors.test.ts has the real 500), and the free plan renews. */
const testSettings = { domainErrorsAre500: false, freePlanRenews: true };

/** A running sandbox that ends with the test. Every answer of its Flowglad API is validated. */
export async function runSandbox(options: Partial<SandboxOptions> = {}) {
	const settings = { ...testSettings, ...options.settings };
	const sandbox = await startSandbox({ port: 0, secretKey, ...options, settings });
	onTestFinished(() => sandbox.close());
	const checked = checkedFetch("/api/v1/", check);
	// FlowgladServer has no fetch option and uses the global one (flowglad.md a).
	vi.stubGlobal("fetch", checked.fetch);
	onTestFinished(() => {
		vi.unstubAllGlobals();
	});
	return { ...sandbox, ...clientsOf(sandbox), validated: checked.validated, violations: checked.violations };
}

function clientsOf({ url }: RunningSandbox) {
	const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
		fetch(`${url}${path}`, {
			method,
			redirect: "manual",
			headers: { authorization: secretKey, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
			...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
		});
	const flowglad = (customerExternalId: string) =>
		new FlowgladServer({
			customerExternalId,
			apiKey: secretKey,
			baseURL: url,
			getCustomerDetails: async () => ({ name: "Ada", email: "ada@example.com" }),
		});
	const submit = (pageUrl: string, action: string, fields: Record<string, string> = {}) =>
		fetch(pageUrl, { method: "POST", redirect: "manual", body: new URLSearchParams({ action, ...fields }) });
	return {
		send,
		flowglad,
		/** Without retries, so that one call makes one request. */
		admin: new FlowgladServerAdmin({ apiKey: secretKey, baseURL: url, maxRetries: 0 }),
		/** The generated client, for routes that the server package lacks. */
		node: new Flowglad({ apiKey: secretKey, baseURL: url, maxRetries: 0 }),
		/** Submits a checkout page with one of its buttons. */
		submit,
		/** Buys a price through a session and the checkout page. */
		buy: async (customerExternalId: string, priceSlug: string, { quantity = 1, card = "4242" } = {}) => {
			const session = await flowglad(customerExternalId).createCheckoutSession({
				priceSlug,
				quantity,
				successUrl: "http://localhost:3000/welcome",
				cancelUrl: "http://localhost:3000/pricing",
			});
			return submit(session.url, "pay", { card });
		},
		advance: async (advanceMs: number) => {
			await send("POST", "/__sandbox/clock", { advanceMs });
		},
		settings: (settings: object) => send("POST", "/__sandbox/settings", settings),
		faults: (faults: object) => send("POST", "/__sandbox/faults", faults),
		state: async () => (await (await send("GET", "/__sandbox/state")).json()) as State & { now: number },
	};
}

export type TestSandbox = Awaited<ReturnType<typeof runSandbox>>;

/** The balance of the current subscription; null without a ledger entry or a subscription, as in the SDK. */
export async function balanceOf(sandbox: TestSandbox, externalId: string): Promise<number | null> {
	const billing = await sandbox.flowglad(externalId).getBilling();
	return billing.checkUsageBalance("ai_requests")?.availableBalance ?? null;
}

/** A customer who bought Pro at the checkout. */
export async function withPro(options: Partial<SandboxOptions> = {}) {
	const sandbox = await runSandbox(options);
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "pro_monthly");
	const id = await currentSubscriptionId(sandbox, "user_1");
	const use = (transactionId: string, amount: number, subscriptionId = id) =>
		sandbox.admin.createUsageEvent({ usageEvent: { subscriptionId, usageMeterSlug: "ai_requests", transactionId, amount } });
	return { sandbox, flowglad: sandbox.flowglad("user_1"), id, use, balance: () => balanceOf(sandbox, "user_1") };
}

/** The id of the customer's current subscription. Throws without one. */
export async function currentSubscriptionId(sandbox: TestSandbox, externalId: string): Promise<string> {
	const { currentSubscription } = await sandbox.flowglad(externalId).getBilling();
	if (currentSubscription === undefined) throw new Error(`${externalId} has no current subscription`);
	return currentSubscription.id;
}
