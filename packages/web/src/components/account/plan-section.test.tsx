import { describe, expect, test } from "vitest";
import type { BillingView, PlanStanding } from "../../view/billing.ts";
import { serverHtml, serverText } from "../testing/render.tsx";
import { billingOf, freeUsage, paidUsage, proStanding, spent } from "../testing/views.ts";
import { PlanSection } from "./plan-section.tsx";

const no = async () => ({ kind: "failed" as const, outcome: "unchanged" as const, sentence: "" });
const actions = { buy: no, addPaymentMethod: no, activate: no, cancel: no, keep: no, change: no };
const section = (view: BillingView, usage = paidUsage, organization: string | null = null) => (
	<PlanSection view={view} actions={actions} organization={organization} usage={usage} freeLimit={20} onChanged={() => {}} />
);
const withPro = (changes: Partial<PlanStanding>) => billingOf({ ...proStanding, ...changes });

describe("without a plan", () => {
	test("names the free limit and links to the plans", () => {
		expect(serverText(section(billingOf(), freeUsage))).toContain("Free: 20 requests a day.");
		expect(serverHtml(section(billingOf(), freeUsage))).toContain('href="/pricing"');
	});

	test("members of an organization use their own allowance", () => {
		expect(serverText(section(billingOf(), freeUsage, "Acme"))).toContain("Acme has no plan yet.");
	});
});

test("an active plan shows its price and renewal date", () => {
	expect(serverText(section(withPro({})))).toContain("Pro, $20 a month. It renews on December 1, 2026.");
});

test("a trial shows the price after it", () => {
	const text = serverText(section(withPro({ state: "trial", trialEnd: "2026-11-30T00:00:00Z" })));
	expect(text).toContain("free trial until November 30, 2026. After that it’s $20 a month unless you cancel.");
});

test("a payment being confirmed never looks like a running plan", () => {
	const text = serverText(section(withPro({ live: false }), freeUsage));
	expect(text).toContain("Your payment is being confirmed");
	expect(text).not.toContain("renews");
});

test("a failed payment requests a card and says what continues until then", () => {
	expect(serverText(section(withPro({ state: "owed" })))).toContain("You can keep using Pro while we retry");
	const lapsed = serverText(section(withPro({ state: "owed", live: false }), freeUsage));
	expect(lapsed).toContain("Until it’s paid, you have 20 free requests a day.");
	expect(lapsed).toContain("Replace card");
});

test("a payment that is not retried links to its invoice, and mentions no retry", () => {
	const url = "https://pay.example/in_1";
	const open = {
		id: "in_1",
		number: "A-1",
		lines: [],
		date: "2026-11-01T00:00:00Z",
		amountCents: 2000,
		currency: "usd",
		url,
		receiptUrl: null,
	};
	const unpaid = (changes: Partial<PlanStanding>) => ({
		...withPro({ state: "unpaid", invoice: "in_1", ...changes }),
		invoices: [
			{ ...open, id: "in_2", url: "https://pay.example/in_2", state: "open" as const },
			{ ...open, state: "open" as const },
		],
	});
	const retried = section(unpaid({ state: "owed" }));
	expect(serverHtml(retried)).toMatch(/class="button-next"[^>]*>Pay now.*class="button-plain"[^>]*>Replace card/);
	const lapsed = section(unpaid({ live: false }), freeUsage);
	expect(serverText(lapsed)).toContain("We won’t retry it. Until you pay the latest invoice, you have 20 free requests a day.");
	expect(serverText(lapsed)).not.toContain("next few days");
	expect(serverHtml(lapsed)).toMatch(/href="https:\/\/pay.example\/in_1"[^>]*>Pay now/);
	expect(serverText(section(unpaid({})))).toContain(
		"We won’t retry it. You can keep using Pro for now. Pay the latest invoice to keep your plan.",
	);
	const without = section(unpaid({ invoice: null, live: false }), freeUsage);
	expect(serverText(without)).toContain("Replace card");
	expect(serverHtml(without)).not.toContain("Pay now");
});

test("a plan with paused payments neither renews nor announces a price after its trial", () => {
	const paused = "Payments are paused: you won’t be charged until they resume.";
	expect(serverText(section(withPro({ paused: true })))).toContain(`Pro, $20 a month. ${paused}`);
	expect(serverText(section(withPro({ paused: true, next: "Lite" })))).toContain(`Lite starts on December 1, 2026. ${paused}`);
	const trial = serverText(section(withPro({ paused: true, state: "trial", trialEnd: "2026-11-30T00:00:00Z" })));
	expect(trial).toContain(`free trial until November 30, 2026. ${paused}`);
	expect(trial).not.toContain("After that");
});

test("a cancelled plan can be resumed, and not cancelled again", () => {
	const text = serverText(section(withPro({ state: "ending", endsAt: "2026-12-01T00:00:00Z" })));
	expect(text).toContain("Pro (cancelled). Active until December 1, 2026. You won’t be charged again.");
	expect(text).toContain("Resume Pro");
	expect(text).toContain("Cancel immediately");
	expect(text).not.toContain("Cancel Pro");
});

test("resuming a cancelled plan is the primary action once no requests are left", () => {
	const ending = withPro({ state: "ending", endsAt: "2026-12-01T00:00:00Z" });
	expect(serverHtml(section(ending, spent(paidUsage)))).toMatch(/class="button-next mt-4"[^>]*>Resume Pro/);
	expect(serverHtml(section(ending))).toMatch(/class="button-plain mt-4"[^>]*>Resume Pro/);
});

test("cancelling immediately looks different from cancelling, and is never the primary action", () => {
	const html = serverHtml(section(withPro({})));
	expect(html).toMatch(/class="button-plain"[^>]*>Cancel Pro/);
	expect(html).toMatch(/class="[^"]*destructive[^"]*"[^>]*>Cancel immediately/);
	expect(html).not.toContain("button-next");
});

test("a scheduled change can be reverted", () => {
	const text = serverText(section(withPro({ next: "Lite" })));
	expect(text).toContain("Lite starts on December 1, 2026.");
	expect(text).toContain("Keep Pro");
});

test("two plans at once are reported", () => {
	const view = billingOf(proStanding, { ...proStanding, id: "sub_2" });
	expect(serverText(section(view))).toContain("You have 2 plans.");
});

test("overuse is shown as requests to make up for, never as a negative number", () => {
	const text = serverText(section(withPro({ balance: -3 })));
	expect(text).toContain("You’re 3 requests over. They’ll come off your next renewal or top-up.");
	expect(text).not.toContain("-3");
});

test("a plan waiting for a card says that nothing was charged", () => {
	const text = serverText(section({ ...billingOf(), waiting: proStanding }, freeUsage));
	expect(text).toContain("Pro, $20 a month, needs a card to start. You haven’t been charged.");
	expect(text).toContain("Start Pro");
});
