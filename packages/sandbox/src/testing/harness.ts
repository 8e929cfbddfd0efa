import { FlowgladServer, FlowgladServerAdmin } from "@flowglad/server";
import { onTestFinished, vi } from "vitest";
import { type RunningSandbox, startSandbox } from "../sandbox.ts";
import type { State } from "../state.ts";
import { openContract } from "./contract.ts";

export const secretKey = "sk_test_sandbox";
const contract = openContract();

/** A running sandbox, ended with the test. Every response of its Flowglad API is held to the contract. */
export async function runSandbox(options: { statePath?: string; now?: () => number } = {}) {
	const sandbox = await startSandbox({ port: 0, secretKey, ...options });
	onTestFinished(() => sandbox.close());
	const checked = checkedFetch();
	// FlowgladServer has no option for its fetch, it takes the global one (flowglad.md a).
	vi.stubGlobal("fetch", checked.fetch);
	onTestFinished(() => {
		vi.unstubAllGlobals();
	});
	return { ...sandbox, ...clientsOf(sandbox), validated: checked.validated };
}

function checkedFetch() {
	const unchecked = globalThis.fetch;
	const validated: string[] = [];
	const fetch: typeof globalThis.fetch = async (input, init) => {
		const response = await unchecked(input, init);
		const { pathname } = new URL(input instanceof Request ? input.url : input);
		const method = init?.method?.toUpperCase() ?? "GET";
		if (pathname.startsWith("/api/v1/") && response.ok && contract?.(method, pathname, response.status, await response.clone().json()))
			validated.push(`${method} ${pathname}`);
		return response;
	};
	return { fetch, validated };
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
	const submit = (pageUrl: string, action: string) =>
		fetch(pageUrl, { method: "POST", redirect: "manual", body: new URLSearchParams({ action }) });
	return {
		send,
		flowglad,
		/** Without retries, so that one call is one request. */
		admin: new FlowgladServerAdmin({ apiKey: secretKey, baseURL: url, maxRetries: 0 }),
		/** Presses a button of a checkout page. */
		submit,
		/** Buys a price as a customer does: a session, the page, Pay. */
		buy: async (customerExternalId: string, priceSlug: string, quantity = 1) => {
			const session = await flowglad(customerExternalId).createCheckoutSession({
				priceSlug,
				quantity,
				successUrl: "http://localhost:3000/welcome",
				cancelUrl: "http://localhost:3000/pricing",
			});
			return submit(session.url, "pay");
		},
		advance: async (advanceMs: number) => {
			await send("POST", "/__sandbox/clock", { advanceMs });
		},
		faults: (faults: object) => send("POST", "/__sandbox/faults", faults),
		state: async () => (await (await send("GET", "/__sandbox/state")).json()) as State & { now: number },
	};
}

export type TestSandbox = Awaited<ReturnType<typeof runSandbox>>;

/** The meter's balance on the current subscription; null as the SDK has it: no entry, or no subscription. */
export async function balanceOf(sandbox: TestSandbox, externalId: string): Promise<number | null> {
	const billing = await sandbox.flowglad(externalId).getBilling();
	return billing.checkUsageBalance("ai_requests")?.availableBalance ?? null;
}

/** The id of the customer's current subscription, which the test needs to exist. */
export async function currentSubscriptionId(sandbox: TestSandbox, externalId: string): Promise<string> {
	const { currentSubscription } = await sandbox.flowglad(externalId).getBilling();
	if (currentSubscription === undefined) throw new Error(`${externalId} has no current subscription`);
	return currentSubscription.id;
}
