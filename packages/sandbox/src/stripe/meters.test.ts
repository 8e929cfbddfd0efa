import { expect, it } from "vitest";
import { daySeconds, errorOf, runStripe, utc } from "./testing/harness.ts";

const now = utc(2026, 3, 10, 12, 30);

async function withMeter() {
	const sandbox = await runStripe({ now: () => now * 1000 });
	const { stripe } = sandbox;
	const customer = await stripe.customers.create();
	const { data } = await stripe.billing.meters.list({ status: "active" });
	const use = (identifier: string, value: number | string, timestamp?: number) =>
		stripe.billing.meterEvents.create({
			event_name: "ai_requests",
			payload: { stripe_customer_id: customer.id, value: String(value) },
			identifier,
			...(timestamp === undefined ? {} : { timestamp }),
		});
	const used = async (start_time: number, end_time: number, value_grouping_window?: "hour" | "day") => {
		const summaries = await stripe.billing.meters.listEventSummaries(data[0]?.id ?? "", {
			customer: customer.id,
			start_time,
			end_time,
			...(value_grouping_window === undefined ? {} : { value_grouping_window }),
		});
		return summaries.data.map(({ aggregated_value, start_time: from }) => [from, aggregated_value]);
	};
	return { sandbox, stripe, customer, meters: data, use, used };
}

it("starts with a meter, and sums a customer's meter events in a range without its end", async () => {
	const { meters, use, used, customer } = await withMeter();
	expect(meters).toMatchObject([
		{
			event_name: "ai_requests",
			default_aggregation: { formula: "sum" },
			customer_mapping: { event_payload_key: "stripe_customer_id" },
			value_settings: { event_payload_key: "value" },
		},
	]);
	expect(await use("e_1", 2)).toMatchObject({
		object: "billing.meter_event",
		identifier: "e_1",
		timestamp: now,
		payload: { value: "2", stripe_customer_id: customer.id },
	});
	await use("e_2", 3, now - 60);
	await use("e_3", 5, utc(2026, 3, 9, 23, 59));
	expect(await used(utc(2026, 3, 9), utc(2026, 3, 11))).toEqual([[utc(2026, 3, 9), 10]]);
	expect(await used(now - 60, now)).toEqual([[now - 60, 3]]);
	expect(await used(utc(2026, 3, 9), utc(2026, 3, 11), "day")).toEqual([
		[utc(2026, 3, 10), 5],
		[utc(2026, 3, 9), 5],
	]);
	expect(await used(utc(2026, 3, 11), utc(2026, 3, 12))).toEqual([[utc(2026, 3, 11), 0]]);
});

it("rejects a repeated identifier for 24 hours and counts it again after that", async () => {
	const { sandbox, use, used } = await withMeter();
	await use("e_1", 1);
	expect(await errorOf(use("e_1", 1))).toMatchObject({ statusCode: 400, message: "An event already exists with identifier e_1." });
	await sandbox.advance(daySeconds - 1);
	expect((await errorOf(use("e_1", 1))).statusCode).toBe(400);
	await sandbox.advance(1);
	await use("e_1", 1);
	expect(await used(utc(2026, 3, 1), utc(2026, 4, 1))).toEqual([[utc(2026, 3, 1), 2]]);
});

it("refuses meter events that are too old, too early, unknown or incomplete, and unaligned ranges", async () => {
	const { stripe, use, used, customer } = await withMeter();
	await use("old", 1, now - 35 * daySeconds);
	expect((await errorOf(use("older", 1, now - 35 * daySeconds - 1))).param).toBe("timestamp");
	await use("early", 1, now + 300);
	expect((await errorOf(use("earlier", 1, now + 301))).param).toBe("timestamp");
	expect((await errorOf(use("nonsense", "many"))).param).toBe("payload");
	const create = (event_name: string, payload: Record<string, string>) =>
		errorOf(stripe.billing.meterEvents.create({ event_name, payload }));
	expect((await create("nothing", { stripe_customer_id: customer.id, value: "1" })).statusCode).toBe(400);
	expect((await create("ai_requests", { value: "1" })).statusCode).toBe(400);
	expect((await create("ai_requests", { stripe_customer_id: customer.id })).statusCode).toBe(400);
	expect((await errorOf(used(now - 61, now))).param).toBe("start_time");
	expect((await errorOf(used(now - 60, now, "hour"))).statusCode).toBe(400);
});
