import { beforeEach, describe, expect, test } from "vitest";
import { Client, moveClock, resetSandbox } from "../client.ts";
import { confirmed, customerIdOf, id, webhook } from "../contract/provider.ts";
import { answerFor, breakTable, expectLogged, FAILURES, marker, tables } from "../marked-log.ts";

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

/** A customer who has used every route that calls Stripe, while a dependency fails. */
async function useEverything(fail: () => void | Promise<void>): Promise<string> {
	const { user, userId } = await confirmed();
	await user.checkout("pro_monthly");
	const customerId = await customerIdOf(userId);
	const event = await webhook({ userId, customerId }, { messageId: `evt_${id()}` });
	await fail();
	for (const path of [
		"/api/billing",
		"/api/usage",
		"/pricing",
		"/account/plan",
		"/api/billing/portal",
		`/api/stripe?session_id=${marker}&card=${marker}`,
	])
		await (await user.fetch(path)).text();
	for (const [path, body] of [
		["/api/billing/checkout", { priceSlug: "pro_monthly" }],
		["/api/billing/cancel", { subscriptionId: marker }],
		["/api/billing/change", { subscriptionId: marker, priceSlug: "pro_monthly" }],
		["/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }],
	] as const)
		await (await user.post(path, body)).text();
	await (await new Client().fetch("/api/stripe/webhook", { method: "POST", ...event })).text();
	return customerId ?? "no customer";
}

describe("the log", () => {
	test.each(FAILURES)("contains no text from Stripe when it %s", async (_, answer) => {
		const customerId = await useEverything(() => answerFor("/v1/", answer));
		expectLogged(/^billing provider/m, customerId);
	});

	const own = tables.filter((name) => name.startsWith("stripe_"));
	test.each(own)("contains no query parameters when the table %s fails", async (table) => {
		const customerId = await useEverything(() => breakTable(table));
		expectLogged(/500 |billing provider|could not be read|event's customer/, customerId);
	});

	test("is tested with every table of the Stripe integration", () => {
		expect(own).toHaveLength(2);
	});
});
