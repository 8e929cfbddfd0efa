import { describe, expect, test } from "vitest";
import { serverHtml, serverText } from "../testing/render.tsx";
import { ada, adaOfAcme, freeUsage, guestUsage, lite, max, paidUsage, pricingOf, pro, shellOf, topUp } from "../testing/views.ts";
import { everyText } from "./interval.ts";
import { BuyingFor, Plans, TopUps } from "./pricing.tsx";

const guest = { kind: "guest" } as const;
const plans = (shell: ReturnType<typeof shellOf>, ...sold: (typeof pro)[]) => (
	<Plans pricing={pricingOf(...sold)} shell={shell} onBuy={async () => ({ kind: "done", value: undefined })} />
);

describe("who can buy", () => {
	test("a guest is led to the sign-up, and from there back to the plans", () => {
		expect(serverHtml(plans(shellOf(guest, guestUsage), pro))).toContain('href="/sign-up?next=%2Fpricing"');
	});

	test("a signed-in viewer gets a button", () => {
		expect(serverHtml(plans(shellOf(ada, freeUsage), pro))).toMatch(/<button[^>]*>Go Pro/);
	});

	test("a member who may not buy for the organization gets no button and no link", () => {
		expect(serverText(plans(shellOf(adaOfAcme(false), paidUsage), pro, max))).not.toMatch(/Go |Change to|See your plan/);
	});

	test("an owner or admin buys for the organization, and the page says so", () => {
		expect(serverText(<BuyingFor viewer={adaOfAcme(true)} />)).toContain("What you buy here is for everyone in Acme.");
		expect(serverHtml(plans(shellOf(adaOfAcme(true), freeUsage), pro))).toMatch(/<button[^>]*>Go Pro/);
	});

	test("there is no purchase on a server that sells nothing", () => {
		expect(serverText(plans(shellOf(ada, freeUsage, { sells: false, hasBrowserSdk: false }), pro))).not.toContain("Go Pro");
	});

	test("a viewer with a plan changes it on the account page, and cannot buy a second one", () => {
		const text = serverHtml(plans(shellOf(ada, paidUsage), { ...pro, current: true }, max, lite));
		expect(text).not.toMatch(/Go (Pro|Max|Lite)/);
		expect(text).toMatch(/href="\/account\/plan"[^>]*>Change to Max/);
	});
});

test("only one button of the page is the primary action", () => {
	expect(serverHtml(plans(shellOf(guest, guestUsage), pro, max, lite)).match(/class="button-next"/g)).toHaveLength(1);
});

test("a trial names its length and the price after it", () => {
	expect(serverText(plans(shellOf(guest, guestUsage), { ...pro, trialDays: 14 }))).toContain("14 days free, then $20");
});

test("a plan with a yearly price is one plan with two prices and a button for each", () => {
	const yearly = { ...pro, priceSlug: "pro_yearly", amountCents: 20000, interval: "year" as const, requests: 12000 };
	const page = plans(shellOf(ada, freeUsage), pro, yearly, max);
	expect(serverText(page)).toContain("or $200 a year, with 12,000 requests");
	expect(serverHtml(page).match(/<h2/g), "guest, free, Pro and Max").toHaveLength(4);
	expect(serverHtml(page).match(/>Go (Pro|Pro by the year|Max)</g)).toHaveLength(3);
});

test("a plan lists what it contains", () => {
	const text = serverText(plans(shellOf(guest, guestUsage), pro));
	expect(text).toContain("3 files a message, 2 MB each");
	expect(text).toContain("5 requests in total");
	expect(text).not.toContain("models");
});

test("top-ups are sold only to viewers on a plan that they may manage", () => {
	const topUps = (shell: ReturnType<typeof shellOf>) => serverHtml(<TopUps pricing={pricingOf(topUp)} shell={shell} />);
	expect(topUps(shellOf(ada, paidUsage))).toContain('href="/account/plan"');
	for (const shell of [shellOf(ada, freeUsage), shellOf(adaOfAcme(false), paidUsage), shellOf(guest, guestUsage)]) {
		expect(topUps(shell)).not.toContain("href");
	}
});

test("a top-up's lifetime is the provider's", () => {
	const terms = (topUpsOutlivePlan: boolean) =>
		serverText(<TopUps pricing={{ ...pricingOf(topUp), topUpsOutlivePlan }} shell={shellOf(ada, paidUsage)} />);
	expect(terms(false)).toContain("Valid while your plan is active.");
	expect(terms(false)).not.toContain("expire");
	expect(terms(true)).toContain("They don’t expire; without a plan they wait for your next one.");
});

test("prices have cents only when there are any", () => {
	expect([everyText("month"), everyText("year"), everyText(null)]).toEqual(["a month", "a year", "once"]);
});
