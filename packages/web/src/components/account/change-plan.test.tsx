// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PlanStanding } from "../../view/billing.ts";
import type { BillingActions, ChangeResult } from "../billing/source.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { type Mounted, mount } from "../testing/render.tsx";
import { lite, max, pro, proStanding } from "../testing/views.ts";
import { ChangePlan } from "./change-plan.tsx";

// The page's messages about a change of plan, and when it rereads the plan.

const change = vi.fn<BillingActions["change"]>();
const actions = { change } as unknown as BillingActions;
const onChanged = vi.fn();
const onMax: PlanStanding = {
	...proStanding,
	name: "Max",
	price: { slug: "max_monthly", amountCents: 5000, currency: "USD", interval: "month" },
};
let page: Mounted;

const account = (plan: PlanStanding) => <ChangePlan plan={plan} actions={actions} plans={[lite, pro, max]} onChanged={onChanged} />;
const status = () => page.root.querySelector("[role=status]")?.textContent ?? null;
/** Advances in steps, because a timer's changes are rendered at the end of an `act`. */
async function pass(ms: number) {
	for (let passedMs = 0; passedMs < ms; passedMs += 1_000) await act(() => vi.advanceTimersByTimeAsync(1_000));
}

async function changeTo(name: string, takesEffect: ChangeResult) {
	change.mockResolvedValueOnce({ kind: "done", value: takesEffect });
	await page.press(`Change to ${name}`);
	await act(async () => document.querySelector<HTMLButtonElement>("[role=dialog] .button-next")?.click());
	onChanged.mockClear();
}

beforeEach(async () => {
	await ConfirmDialog.load();
	vi.useFakeTimers();
	page = await mount(account(proStanding));
});
afterEach(async () => {
	await page.unmount();
	vi.useRealTimers();
	vi.clearAllMocks();
});

test("a change being confirmed is polled until the plan shows it, then the rest of the page is reloaded once", async () => {
	await changeTo("Max", "confirming");
	expect(status()).toBe("Your change to Max is being confirmed. This can take a minute.");
	await pass(9_000);
	expect(onChanged).toHaveBeenCalledTimes(3);
	await page.render(account(onMax));
	expect(status()).toBe("You’re on Max now.");
	await pass(120_000);
	expect(onChanged).toHaveBeenCalledTimes(4);
});

test("a change that never shows is polled for longer than the provider's minute, and no outcome is claimed", async () => {
	await changeTo("Max", "confirming");
	await pass(60_000);
	expect(status()).toMatch(/is being confirmed/);
	await pass(30_000);
	expect(status()).toMatch(/^Your plan still shows as Pro, but Max may yet start\..*before you repeat it\.$/);
	const reads = onChanged.mock.calls.length;
	await pass(120_000);
	expect(onChanged).toHaveBeenCalledTimes(reads);
	await page.render(account(onMax));
	expect(status()).toBe("You’re on Max now.");
});

test("a downgrade with a late answer shows when it begins, and nothing once it was reverted", async () => {
	await changeTo("Lite", "confirming");
	await page.render(account({ ...proStanding, next: "Lite" }));
	expect(status()).toMatch(/^Done\. Lite starts/);
	await page.render(account(proStanding));
	expect(status()).toBeNull();
	const reads = onChanged.mock.calls.length;
	await pass(120_000);
	expect(onChanged).toHaveBeenCalledTimes(reads);
});

test.each([
	["now", "Max", onMax, "You’re on Max now."],
	["period-end", "Lite", { ...proStanding, next: "Lite" }, "Done. Lite starts"],
] as const)("the outcome of a change that takes effect %s shows with the plan, and stays", async (takesEffect, name, after, says) => {
	await changeTo(name, takesEffect);
	expect(status()).toBeNull();
	await page.render(account(after));
	expect(status()).toContain(says);
	await page.render(account({ ...after, balance: 7 }));
	expect(status()).toContain(says);
});
