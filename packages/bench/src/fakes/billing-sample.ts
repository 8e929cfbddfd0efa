import { startSandbox } from "@parley/sandbox";

export const SECRET_KEY = "sk_test_bench";
/** Placeholders in the sample for the customer id and the remaining credits. */
export const SAMPLE_CUSTOMER = "bench-sample-customer";
export const SAMPLE_BALANCE = 987_654_321;
/** Prefix that turns a customer id into its subscription id. */
export const SUBSCRIPTION = "sub-";

/** Flowglad's API responses for a customer on the paid plan, as text. */
export interface BillingSample {
	customer: string;
	billing: string;
	usageEvent: string;
}

/**
 * Records the sandbox's responses for one subscriber. The fake provider replays them in Flowglad's shape and size without computing them;
 * otherwise the sandbox's own time would count against the reference design, which calls it more often.
 */
export async function recordBillingSample(): Promise<BillingSample> {
	const sandbox = await startSandbox({ port: 0, secretKey: SECRET_KEY });
	const call = async (path: string, body?: object): Promise<string> => {
		const response = await fetch(`${sandbox.url}/api/v1/${path}`, {
			method: body ? "POST" : "GET",
			headers: { authorization: SECRET_KEY, "content-type": "application/json" },
			...(body ? { body: JSON.stringify(body) } : {}),
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`sandbox ${path}: ${response.status} ${text}`);
		return text;
	};
	try {
		await call("customers", { customer: { externalId: SAMPLE_CUSTOMER, email: "bench@example.com", name: "Bench" } });
		const checkout = JSON.parse(
			await call("checkout-sessions", {
				checkoutSession: {
					type: "product",
					customerExternalId: SAMPLE_CUSTOMER,
					priceSlug: "pro_monthly",
					successUrl: "http://localhost/",
					cancelUrl: "http://localhost/",
				},
			}),
		);
		await fetch(checkout.url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" });
		const customer = await call(`customers/${SAMPLE_CUSTOMER}`);
		const billing = JSON.parse(await call(`customers/${SAMPLE_CUSTOMER}/billing`));
		const paid = billing.currentSubscriptions.find((one: { isFreePlan: boolean }) => !one.isFreePlan);
		for (const balance of paid.experimental.usageMeterBalances) balance.availableBalance = SAMPLE_BALANCE;
		const usageEvent = await call("usage-events", {
			usageEvent: { subscriptionId: paid.id, amount: 1, transactionId: "sample", usageMeterSlug: "ai_requests" },
		});
		return { customer, billing: JSON.stringify(billing).replaceAll(paid.id, SUBSCRIPTION + SAMPLE_CUSTOMER), usageEvent };
	} finally {
		await sandbox.close();
	}
}
