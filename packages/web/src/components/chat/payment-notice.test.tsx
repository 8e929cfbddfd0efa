// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Mounted, mount } from "../testing/render.tsx";
import { freeUsage, ofAcme, paidUsage } from "../testing/views.ts";
import { isConfirmed, PaymentNotice } from "./payment-notice.tsx";

const refresh = vi.fn(async () => {});
const onConfirmed = vi.fn();
let page: Mounted;

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(async () => {
	await page?.unmount();
	vi.useRealTimers();
	vi.clearAllMocks();
});

const notice = (usage = freeUsage) => (
	<PaymentNotice bought="plan" usage={usage} refresh={refresh} onConfirmed={onConfirmed} onClose={() => {}} />
);

test("a top-up bought earlier does not confirm the one in the open checkout", () => {
	expect(isConfirmed("top-up", { ...paidUsage, topUps: 500, checkoutOpen: true })).toBe(false);
	expect(isConfirmed("top-up", { ...paidUsage, topUps: 500 })).toBe(true);
	expect(isConfirmed("top-up", paidUsage)).toBe(false);
	expect(isConfirmed("plan", freeUsage)).toBe(false);
});

test("says that the payment is being confirmed, and polls the balance until it is", async () => {
	page = await mount(notice());
	expect(page.text()).toContain("Your payment is being confirmed");
	await act(() => vi.advanceTimersByTimeAsync(1_300));
	expect(refresh.mock.calls.length).toBeGreaterThanOrEqual(4);
	expect(onConfirmed).not.toHaveBeenCalled();
});

test("confirms once, shows the remaining requests, and stops polling", async () => {
	page = await mount(notice());
	await page.render(notice(paidUsage));
	expect(onConfirmed).toHaveBeenCalledTimes(1);
	expect(page.text()).toContain("You’re on Pro. You have 600 requests.");
	const reads = refresh.mock.calls.length;
	await act(() => vi.advanceTimersByTimeAsync(60_000));
	expect(refresh.mock.calls.length).toBe(reads);
});

test("names the organization that the plan was bought for", async () => {
	page = await mount(notice(ofAcme(paidUsage)));
	expect(page.text()).toContain("Acme is on Pro.");
});

test("gives up after two minutes without claiming that the payment failed", async () => {
	page = await mount(notice());
	await act(() => vi.advanceTimersByTimeAsync(125_000));
	expect(page.text()).toContain("Your payment isn’t confirmed yet. You can keep chatting; your balance will update automatically.");
});

test("stops polling when it is closed", async () => {
	page = await mount(notice());
	await page.unmount();
	const reads = refresh.mock.calls.length;
	await vi.advanceTimersByTimeAsync(10_000);
	expect(refresh.mock.calls.length).toBe(reads);
});
