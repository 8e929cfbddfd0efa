// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sentenceOf, stillUnknown } from "../../billing-sentences.ts";
import type { PlanStanding } from "../../view/billing.ts";
import type { ActionResult, BillingActions } from "../billing/source.ts";
import { type Mounted, mount } from "../testing/render.tsx";
import { billingOf, proStanding } from "../testing/views.ts";
import { OutcomeNotice, useWatchedActions } from "./outcome-notice.tsx";

const UNKNOWN: ActionResult<never> = { kind: "failed", outcome: "unknown", sentence: sentenceOf("cancel", "unknown") };
const done = async (): Promise<ActionResult> => ({ kind: "done", value: undefined });
const cancel = vi.fn<BillingActions["cancel"]>();
const actions: BillingActions = { buy: done, addPaymentMethod: done, activate: done, cancel, keep: done, change: async () => UNKNOWN };
const reload = vi.fn();
const onChanged = vi.fn();
let page: Mounted;

function Account({ plan }: { plan: PlanStanding }) {
	const watched = useWatchedActions(billingOf(plan), actions, reload, onChanged);
	return (
		<>
			<OutcomeNotice sentence={watched.sentence} />
			<button type="button" onClick={() => void watched.actions.cancel(plan.id, "period-end")}>
				Cancel
			</button>
		</>
	);
}

beforeEach(async () => {
	vi.useFakeTimers();
	page = await mount(<Account plan={proStanding} />);
});
afterEach(async () => {
	await page.unmount();
	vi.useRealTimers();
	vi.clearAllMocks();
});

const pressWith = async (result: ActionResult) => {
	cancel.mockResolvedValueOnce(result);
	await page.press("Cancel");
};
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("after an unknown outcome the page says so, and polls the plan", async () => {
	await pressWith(UNKNOWN);
	expect(page.text()).toContain("We do not know yet whether your plan was cancelled.");
	await pass(10_000);
	expect(reload.mock.calls.length).toBeGreaterThanOrEqual(4);
	expect(onChanged).not.toHaveBeenCalled();
});

test("the page updates as soon as a poll shows the change, and stops polling", async () => {
	await pressWith(UNKNOWN);
	await pass(3_000);
	await page.render(<Account plan={{ ...proStanding, state: "ending" }} />);
	expect(page.text()).not.toContain("We do not know");
	expect(onChanged).toHaveBeenCalledOnce();
	const reads = reload.mock.calls.length;
	await pass(120_000);
	expect(reload.mock.calls.length).toBe(reads);
});

test("a changed balance is not mistaken for the change", async () => {
	await pressWith(UNKNOWN);
	await page.render(<Account plan={{ ...proStanding, balance: 12 }} />);
	expect(page.text()).toContain("We do not know yet");
	expect(onChanged).not.toHaveBeenCalled();
});

test("after two minutes polling stops, and the page still does not claim that nothing has changed", async () => {
	await pressWith(UNKNOWN);
	await pass(125_000);
	expect(page.text()).toContain(stillUnknown());
	expect(page.text()).not.toMatch(/nothing/i);
	await page.render(<Account plan={{ ...proStanding, state: "ending" }} />);
	expect(page.text()).not.toContain(stillUnknown());
	expect(onChanged).toHaveBeenCalledOnce();
});

test("a known outcome starts no polling", async () => {
	await pressWith({ kind: "failed", outcome: "unchanged", sentence: "Not done." });
	await pressWith({ kind: "done", value: undefined });
	await pass(120_000);
	expect(reload).not.toHaveBeenCalled();
	expect(page.text()).toBe("Cancel");
});
