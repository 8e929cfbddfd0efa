/** Random bodies at every route of both APIs are refused in the provider's own format, change nothing, and never make the sandbox fail. */
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSandbox } from "../sandbox.ts";

/** A sandbox with a subscriber at both providers. Requests go to the Hono app directly, without a server. */
async function aSandbox() {
	const { app, world } = createSandbox({ secretKey: "sk_test_sandbox", settings: { domainErrorsAre500: false, maxPlan: true } });
	const failures = vi.spyOn(console, "error").mockImplementation(() => {});
	onTestFinished(() => failures.mockRestore());
	const send = async (method: string, path: string, body?: string | URLSearchParams, type = "application/json") => {
		const response = await app.request(`http://localhost${path}`, {
			method,
			headers: { authorization: "Bearer sk_test_sandbox", ...(body === undefined ? {} : { "content-type": type }) },
			...(body === undefined ? {} : { body }),
		});
		return { status: response.status, text: await response.text(), headers: response.headers };
	};
	const made = async (path: string, body: object) => {
		const { status, text } = await send("POST", path, JSON.stringify(body));
		expect([text, status]).toEqual([text, 200]);
		return JSON.parse(text);
	};
	await made("/api/v1/customers", { customer: { externalId: "user_1", name: "Ada", email: "ada@example.com" } });
	const form = (fields: Record<string, string>) => new URLSearchParams(fields);
	const posted = async (path: string, fields: Record<string, string>) =>
		JSON.parse((await send("POST", path, form(fields), "application/x-www-form-urlencoded")).text);
	const customer = await posted("/v1/customers", { name: "Ada" });
	const session = await posted("/v1/checkout/sessions", {
		...{ mode: "subscription", customer: customer.id, success_url: "http://localhost/" },
		...{ "line_items[0][price]": "price_pro_monthly", "line_items[0][quantity]": "1" },
	});
	await send("POST", new URL(session.url).pathname, form({ action: "pay", card: "4242" }), "application/x-www-form-urlencoded");
	const routes = app.routes
		.filter(({ method, path }) => method !== "ALL" && /^\/(?:api\/v1|v1)\//.test(path) && !path.includes("*"))
		.map(({ method, path }) => `${method} ${path}`);
	const [plan] = world.state.stripe.subscriptions;
	if (plan === undefined) throw new Error("the customer has no plan");
	const ids = [
		...["none", "user_1", customer.id, session.id, plan.id, plan.latest_invoice, "price_pro_monthly", "prod_pro"],
		...[world.state.customers[0]?.id ?? "", world.state.subscriptions[0]?.id ?? "", "usage_meter_ai_requests", "__proto__", "%00", "a b"],
	].map((id) => encodeURIComponent(String(id)));
	return { world, send, routes: [...new Set(routes)], ids, failures };
}

const odd = fc.constantFrom<unknown>(
	...[
		null,
		true,
		0,
		-1,
		1.5,
		1e308,
		"",
		" ",
		"x",
		"\u0000",
		"user_1",
		"pro_monthly",
		"price_pro_monthly",
		"__proto__",
		[],
		{},
		[null],
		{ toString: null },
	],
);
const field = fc.constantFrom(
	...[
		"customer",
		"customerId",
		"externalId",
		"email",
		"name",
		"usageEvent",
		"usageEvents",
		"subscriptionId",
		"amount",
		"transactionId",
		"usageMeterSlug",
	],
	...[
		"checkoutSession",
		"type",
		"priceSlug",
		"quantity",
		"successUrl",
		"cancelUrl",
		"cancellation",
		"timing",
		"adjustment",
		"newSubscriptionItems",
	],
	...["product", "price", "feature", "usageMeter", "partialAmount", "metadata", "trialEnd", "__proto__", "constructor"],
);
const someJson = fc.letrec<{ value: unknown }>((tie) => ({
	value: fc.oneof({ maxDepth: 3 }, odd, fc.dictionary(field, tie("value"), { maxKeys: 4 }), fc.array(tie("value"), { maxLength: 2 })),
})).value;
const someFormKey = fc.constantFrom(
	...[
		"name",
		"email",
		"metadata[a]",
		"metadata",
		"balance",
		"items[0][id]",
		"items[0][price]",
		"items[0][quantity]",
		"items",
		"proration_behavior",
	],
	...[
		"cancel_at_period_end",
		"cancel_at",
		"trial_end",
		"mode",
		"customer",
		"line_items[0][price]",
		"line_items[0][quantity]",
		"success_url",
	],
	...[
		"amount",
		"charge",
		"payment_intent",
		"payment_method",
		"limit",
		"starting_after",
		"created[gt]",
		"expand[]",
		"expand[0][a]",
		"phases[0][items][0][price]",
	],
	...[
		"from_subscription",
		"url",
		"enabled_events[]",
		"event_name",
		"payload[value]",
		"identifier",
		"timestamp",
		"unit_amount",
		"currency",
		"a[b][c][d]",
		"[]",
		"=",
	],
);
const someFormValue = fc.constantFrom(
	"",
	"x",
	"0",
	"-1",
	"1.5",
	"99999999999999999999",
	"true",
	"now",
	"price_max_monthly",
	"none",
	"data.customer",
	"\u0000",
	"😀",
);
const someForm = fc.array(fc.tuple(someFormKey, someFormValue), { maxLength: 6 }).map((pairs) => new URLSearchParams(pairs).toString());

describe("any request", () => {
	it("to Flowglad's API never fails the sandbox, and a refusal has a reason and a code", async () => {
		const { send, routes, ids, failures } = await aSandbox();
		const own = routes.filter((route) => route.includes(" /api/v1/"));
		expect(own.length).toBeGreaterThan(50);
		const body = fc.oneof(
			someJson.map((value) => JSON.stringify(value)),
			fc.constantFrom("", "{", "[", '"', "NaN", "{}}"),
		);
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...own), fc.constantFrom(...ids), body, async (route, id, text) => {
				const [method = "", pattern = ""] = route.split(" ");
				const answer = await send(method, pattern.replaceAll(/:\w+/g, id), method === "GET" ? undefined : text);
				expect([route, text, answer.status, failures.mock.calls]).toEqual([route, text, expect.toBeOneOf([200, 400, 403, 404, 409]), []]);
				if (answer.status === 200) return;
				const { error, code, request_id: requestId } = JSON.parse(answer.text);
				expect(requestId).toMatch(/^[0-9a-f]{8}$/);
				expect(answer.headers.get("x-request-id")).toBe(requestId);
				expect(Array.isArray(error) || typeof error === "string").toBe(true);
				// Only a refusal of malformed JSON has no code.
				if (error !== "Invalid JSON in request body") expect(code).toMatch(/^[A-Z_]+$/);
			}),
			{ numRuns: 300 },
		);
	});

	it("to Stripe's API never fails the sandbox, and a refusal has a type and a message", async () => {
		const { send, routes, ids, failures } = await aSandbox();
		const own = routes.filter((route) => route.includes(" /v1/"));
		expect(own.length).toBeGreaterThan(60);
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...own), fc.constantFrom(...ids), someForm, async (route, id, form) => {
				const [method = "", pattern = ""] = route.split(" ");
				const path = pattern.replaceAll(/:\w+/g, id);
				const answer =
					method === "GET" ? await send(method, `${path}?${form}`) : await send(method, path, form, "application/x-www-form-urlencoded");
				expect([route, form, answer.status, failures.mock.calls]).toEqual([route, form, expect.toBeOneOf([200, 400, 402, 404]), []]);
				expect(answer.headers.get("request-id")).toMatch(/^req_/);
				if (answer.status === 200) return;
				const { error } = JSON.parse(answer.text);
				expect(error).toMatchObject({ type: expect.stringMatching(/^(?:invalid_request|card)_error$/), message: expect.any(String) });
			}),
			{ numRuns: 300 },
		);
	});
});

it("an invalid body changes nothing, at every Flowglad route that reads a body", async () => {
	const { world, send, routes, ids } = await aSandbox();
	const before = structuredClone({ ...world.state, calls: {} });
	for (const route of routes.filter((one) => /^(?:POST|PUT) \/api\/v1\//.test(one))) {
		const [method = "", pattern = ""] = route.split(" ");
		// These routes accept any object, because they do not read the body.
		if (/archive|uncancel|resource|cancel-scheduled|refund/.test(pattern)) continue;
		for (const body of ["", "{", "null", "5", '"x"', "[]", "{}", '{"data":{}}']) {
			const { status, text } = await send(method, pattern.replaceAll(/:\w+/g, ids[1] ?? ""), body);
			expect([route, body, status]).toEqual([route, body, 400]);
			expect(JSON.parse(text)).toHaveProperty("error");
		}
	}
	expect({ ...world.state, calls: {} }).toEqual(before);
});
