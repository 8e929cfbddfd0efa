import { expect, it } from "vitest";
import { withPro } from "../testing/harness.ts";

async function portalOf({ sandbox, flowglad }: Awaited<ReturnType<typeof withPro>>) {
	const { billingPortalUrl } = await flowglad.getBilling();
	const url = billingPortalUrl ?? "";
	return {
		text: async () => (await fetch(url)).text(),
		press: (action: string, fields: Record<string, string> = {}) => sandbox.submit(url, action, fields),
	};
}

it("shows the plan, the balance, the card and the invoices with their receipts", async () => {
	const pro = await withPro();
	const { text } = await portalOf(pro);
	for (const part of ["Pro", "1000", "ending in 4242", "$7.99", "Receipt"]) expect(await text()).toContain(part);
});

it("schedules a cancellation for the end of the period, and reverts it", async () => {
	const pro = await withPro();
	const { press, text } = await portalOf(pro);
	await press("cancel", { subscriptionId: pro.id });
	expect(await text()).toContain("Keep Pro");
	expect((await pro.flowglad.getBilling()).currentSubscription).toMatchObject({ status: "cancellation_scheduled" });
	await press("keep", { subscriptionId: pro.id });
	expect((await pro.flowglad.getBilling()).currentSubscription).toMatchObject({ status: "active" });
});

it("adds a card through a checkout that returns to the portal, and makes it the default for all plans", async () => {
	const pro = await withPro();
	const { press } = await portalOf(pro);
	const checkout = new URL((await press("add-card")).headers.get("location") ?? "", pro.sandbox.url).href;
	const paid = await pro.sandbox.submit(checkout, "pay", { card: "0341" });
	expect(paid.headers.get("location")).toContain("/billing-portal/");
	const { paymentMethods, currentSubscription } = await pro.flowglad.getBilling();
	expect(paymentMethods.map(({ paymentMethodData, default: isDefault }) => [paymentMethodData.last4, isDefault])).toEqual([
		["4242", false],
		["0341", true],
	]);
	expect(currentSubscription?.defaultPaymentMethodId).toBe(paymentMethods[1]?.id);
});

it("refuses to cancel another customer's plan", async () => {
	const pro = await withPro();
	const other = await pro.sandbox.flowglad("user_2").getBilling();
	const response = await pro.sandbox.submit(other.billingPortalUrl ?? "", "cancel", { subscriptionId: pro.id });
	expect(response.status).toBe(404);
	expect((await pro.flowglad.getBilling()).currentSubscription).toMatchObject({ status: "active" });
});
