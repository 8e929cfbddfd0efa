import { expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { startStripeReceiver, stripeWebhookSecret, withPlan } from "./testing/harness.ts";

it("shows Stripe's customers, plans, invoices and events, and resends an event", async () => {
	const { url, received } = await startStripeReceiver();
	const { sandbox } = await withPlan("pro_monthly", undefined, { stripeWebhookUrl: url, stripeWebhookSecret, now: Date.now });
	await eventually(() => expect(received).toHaveLength(10));
	const text = await (await fetch(`${sandbox.url}/stripe`)).text();
	for (const shown of [
		'<a href="/stripe" aria-current="page">Stripe</a>',
		"Ada",
		"Pro",
		"active",
		"$7.99",
		"checkout.session.completed",
		url,
	])
		expect(text).toContain(shown);
	const last = received.at(-1)?.event?.id;
	const response = await fetch(`${sandbox.url}/stripe/events/${last}/resend`, { method: "POST", redirect: "manual" });
	expect([response.status, response.headers.get("location")]).toEqual([303, "/stripe?said=Sent+again+with+the+same+id."]);
	await eventually(() => expect(received).toHaveLength(11));
	expect(received[10]?.event?.id).toBe(last);
	expect(await (await fetch(`${sandbox.url}/`)).text()).toContain("Customers");
});
