import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type BillingSample, recordBillingSample, SAMPLE_BALANCE, SAMPLE_CUSTOMER, SUBSCRIPTION } from "./billing-sample.ts";

/** Enough for a run of any length, because admissions are measured, not refusals. */
const FIRST_BALANCE = 1_000_000;
/** The outbox reports within 6 s of a hold, so after a pause of this length no more calls are due. */
const SILENCE_MS = 4_000;
const SILENCE_AWAITED_MS = 30_000;

export interface FakeProvider {
	url: string;
	/** Delay of each response. */
	delayMs: number;
	/** Calls so far, by "METHOD /path" with ids removed. Counted on arrival. */
	calls: Map<string, number>;
	callCount(): number;
	/** Usage events so far. Each transactionId counts once. */
	events: Set<string>;
	/** Remaining credits of customers whose balance has changed. */
	balances: Map<string, number>;
	balanceOf(customer: string): number;
	/** Waits until no call has arrived for 4 s. @throws when calls keep arriving */
	quiet(): Promise<void>;
	close(): Promise<void>;
}

/** Flowglad's API, with every customer on the paid plan. Each call returns a recorded response after `delayMs`. */
export async function startProvider(): Promise<FakeProvider> {
	const sample = await recordBillingSample();
	const server = createServer((request, response) => void answer(provider, sample, request, response));
	server.keepAliveTimeout = 600_000;
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const provider: FakeProvider = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		delayMs: 0,
		calls: new Map(),
		callCount: () => [...provider.calls.values()].reduce((sum, count) => sum + count, 0),
		events: new Set(),
		balances: new Map(),
		balanceOf: (customer) => provider.balances.get(customer) ?? FIRST_BALANCE,
		quiet: () => quiet(provider),
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
	return provider;
}

async function answer(provider: FakeProvider, sample: BillingSample, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const [, customer, billing] = /^\/api\/v1\/customers\/([^/?]+)(\/billing)?/.exec(request.url ?? "") ?? [];
	const name = `${request.method} ${customer ? `/api/v1/customers/:id${billing ?? ""}` : request.url}`;
	provider.calls.set(name, (provider.calls.get(name) ?? 0) + 1);
	const body = await textOf(request);
	if (provider.delayMs > 0) await sleep(provider.delayMs);
	const text = answerTo(provider, sample, name, customer ?? "", body);
	response.writeHead(text === null ? 404 : 200, { "content-type": "application/json" });
	response.end(text ?? '{"error":"no such path in the bench\'s provider","code":"NOT_FOUND"}');
}

function answerTo(provider: FakeProvider, sample: BillingSample, name: string, customer: string, body: string): string | null {
	switch (name) {
		case "GET /api/v1/customers/:id":
			return sample.customer.replaceAll(SAMPLE_CUSTOMER, customer);
		case "GET /api/v1/customers/:id/billing":
			return sample.billing.replaceAll(SAMPLE_CUSTOMER, customer).replaceAll(String(SAMPLE_BALANCE), String(provider.balanceOf(customer)));
		case "POST /api/v1/customers":
			return JSON.stringify({ data: JSON.parse(sample.customer) });
		case "POST /api/v1/usage-events":
			book(provider, JSON.parse(body).usageEvent);
			return sample.usageEvent;
		case "POST /api/v1/usage-events/bulk":
			for (const event of JSON.parse(body).usageEvents) book(provider, event);
			return JSON.stringify({ usageEvents: [] });
		default:
			return null;
	}
}

function book(provider: FakeProvider, event: { transactionId: string; subscriptionId: string; amount: number }): void {
	if (provider.events.has(event.transactionId)) return;
	provider.events.add(event.transactionId);
	const customer = event.subscriptionId.slice(SUBSCRIPTION.length);
	provider.balances.set(customer, provider.balanceOf(customer) - event.amount);
}

async function quiet(provider: FakeProvider): Promise<void> {
	const deadline = Date.now() + SILENCE_AWAITED_MS;
	let calls = provider.callCount();
	let since = Date.now();
	while (Date.now() - since < SILENCE_MS) {
		if (Date.now() > deadline) throw new Error("the calls of the provider do not end");
		await sleep(50);
		if (provider.callCount() === calls) continue;
		calls = provider.callCount();
		since = Date.now();
	}
}

async function textOf(request: IncomingMessage): Promise<string> {
	let text = "";
	request.setEncoding("utf8");
	for await (const chunk of request) text += chunk;
	return text;
}
