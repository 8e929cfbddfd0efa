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
	test("names the free limit and leads to the plans", () => {
		expect(serverText(section(billingOf(), freeUsage))).toContain("Free: 20 requests a day.");
		expect(serverHtml(section(billingOf(), freeUsage))).toContain('href="/pricing"');
	});

	test("members of an organization use their own allowance", () => {
		expect(serverText(section(billingOf(), freeUsage, "Acme"))).toContain("Acme has no plan yet.");
	});
});

test("an active plan says what it costs and when it renews", () => {
	expect(serverText(section(withPro({})))).toContain("Pro, $20 a month. It renews on 1 December 2026.");
});

test("a trial shows the price that follows it", () => {
	const text = serverText(section(withPro({ state: "trial", trialEnd: "2026-11-30T00:00:00Z" })));
	expect(text).toContain("on trial until 30 November 2026. After that it costs $20 a month, unless you cancel before.");
});

test("a payment under confirmation never looks like a running plan", () => {
	const text = serverText(section(withPro({ live: false }), freeUsage));
	expect(text).toContain("Your payment is being confirmed");
	expect(text).not.toContain("renews");
});

test("a failed payment requests a card and says what continues until then", () => {
	expect(serverText(section(withPro({ state: "owed" })))).toContain("You can go on meanwhile");
	const lapsed = serverText(section(withPro({ state: "owed", live: false }), freeUsage));
	expect(lapsed).toContain("Until it is paid you go on with 20 free requests a day.");
	expect(lapsed).toContain("Add a card");
});

test("a cancelled plan can be kept, and is not offered for cancelling again", () => {
	const text = serverText(section(withPro({ state: "ending", endsAt: "2026-12-01T00:00:00Z" })));
	expect(text).toContain("It stays yours until 1 December 2026; nothing is charged any more.");
	expect(text).toContain("Keep Pro");
	expect(text).toContain("End it now");
	expect(text).not.toContain("Cancel Pro");
});

test("keeping a cancelled plan is the next step once nothing is left", () => {
	const ending = withPro({ state: "ending", endsAt: "2026-12-01T00:00:00Z" });
	expect(serverHtml(section(ending, spent(paidUsage)))).toMatch(/class="button-next mt-4"[^>]*>Keep Pro/);
	expect(serverHtml(section(ending))).toMatch(/class="button-plain mt-4"[^>]*>Keep Pro/);
});

test("a scheduled change can be reverted", () => {
	const text = serverText(section(withPro({ next: "Lite" })));
	expect(text).toContain("Lite begins on 1 December 2026.");
	expect(text).toContain("Keep Pro");
});

test("two plans at once are pointed out", () => {
	const view = billingOf(proStanding, { ...proStanding, id: "sub_2" });
	expect(serverText(section(view))).toContain("You have 2 plans at once.");
});

test("overuse is shown as requests to make up for, never as a negative number", () => {
	const text = serverText(section(withPro({ balance: -3 })));
	expect(text).toContain("You have used 3 more than you had.");
	expect(text).not.toContain("-3");
});

test("a plan that waits for a card says that nothing was charged", () => {
	const text = serverText(section({ ...billingOf(), waiting: proStanding }, freeUsage));
	expect(text).toContain("Pro, $20 a month, waits for a card. Nothing has been charged");
	expect(text).toContain("Start Pro");
});
