// @vitest-environment happy-dom
import { describe, expect, test, vi } from "vitest";
import type { Price } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { mount, serverHtml, serverText } from "../testing/render.tsx";
import { modelOf, ofAcme, paidUsage } from "../testing/views.ts";
import type { Failure } from "./conversation.ts";
import type { Limit } from "./limit.ts";
import type { Sending } from "./live-chat.tsx";
import { Notice } from "./notice.tsx";
import RefusalNotice, { type RefusalNoticeProps } from "./refusal-notice.tsx";

const resetAt = "2026-12-01T06:30:00Z";

interface Options {
	canPay?: boolean;
	isKept?: boolean;
	organization?: UsageView["organization"];
	plan?: UsageView["plan"];
}

const common: RefusalNoticeProps = {
	limit: undefined,
	refusal: undefined,
	organization: undefined,
	plan: undefined,
	models: [modelOf("cheap", { label: "GPT-5 nano" }), modelOf("dear", { label: "GPT-5" })],
	path: "/c/abc",
	freeLimit: 20,
	canPay: true,
	isKept: false,
	onTryAgain: () => {},
	onSendAt: () => {},
};

const limitNotice = (policy: Limit["policy"], options: Options = {}) => (
	<RefusalNotice {...common} {...options} limit={{ policy, limit: 20, resetAt }} />
);

const managed = ofAcme(paidUsage, { mayBuy: true }).organization;
const joined = ofAcme(paidUsage, { mayBuy: false }).organization;

describe("each limit names its one next step", () => {
	test("guest: sign up, and return to this chat", () => {
		expect(serverText(limitNotice("guest"))).toBe(
			"You’ve used your 20 free requests. Sign up to get 20 a day. Your draft is saved.Sign up",
		);
		expect(serverHtml(limitNotice("guest"))).toContain('href="/sign-up?next=%2Fc%2Fabc"');
	});

	test("network: sign up for a personal allowance", () => {
		expect(serverText(limitNotice("network"))).toContain("Guests on your network have used today’s free requests.");
		expect(serverHtml(limitNotice("network"))).toContain('href="/sign-up?next=%2Fc%2Fabc"');
	});

	test("unconfirmed: confirming the address restores the account's own requests", () => {
		expect(serverText(limitNotice("unconfirmed"))).toBe(
			"Accounts on your network without a confirmed email share a daily number of requests, and it’s used up. They reset at 6:30 AM UTC. " +
				"Open the link we emailed you to use your own 20 a day now. Your draft is saved.Confirm email",
		);
		expect(serverHtml(limitNotice("unconfirmed"))).toContain('href="/account/profile"');
	});

	test("free: go to the plans, or wait for the reset", () => {
		expect(serverHtml(limitNotice("free"))).toContain('href="/pricing"');
		expect(serverText(limitNotice("free"))).toContain("They reset at 6:30 AM UTC.");
	});

	test("paid: buy a top-up", () => {
		expect(serverHtml(limitNotice("paid"))).toContain('href="/account/plan"');
		expect(serverText(limitNotice("paid"))).toBe(
			"You’ve used all your requests for this billing period. They renew on December 1. Buy a top-up to keep going.Buy a top-up",
		);
	});

	test("paid, with a cancelled plan: resume it first, because it takes no top-up", () => {
		const notice = limitNotice("paid", { plan: { state: "ending", at: resetAt }, isKept: true });
		expect(serverText(notice)).toBe(
			"You’ve used all your requests for this billing period, and the plan ends on December 1. Resume it to buy a top-up and keep going." +
				"Resume plan",
		);
		expect(serverHtml(notice)).toContain('href="/account/plan"');
	});

	test("member: a viewer who may manage the limit can raise it", () => {
		const notice = limitNotice("member", { organization: managed });
		expect(serverText(notice)).toContain("You’ve used the 20 requests Acme gives each member.");
		expect(serverText(notice)).toContain("You can raise the limit.");
		expect(serverHtml(notice)).toContain('href="/account/organization"');
	});

	test("in-flight: try again", () => {
		expect(serverHtml(limitNotice("in-flight"))).toMatch(/<button[^>]*>Try again<\/button>/);
	});
});

describe("no purchase is offered that the viewer cannot make", () => {
	test("on a server that sells nothing", () => {
		for (const policy of ["free", "paid"] as const) {
			const html = serverHtml(limitNotice(policy, { canPay: false, isKept: true }));
			expect(html).not.toContain("href");
			expect(html).not.toMatch(/Pro|top-up|We’ll send your message/);
		}
	});

	test("to a member of an organization with a used-up plan", () => {
		const notice = limitNotice("paid", { organization: joined });
		expect(serverText(notice)).toContain("Acme has used all its requests for this billing period.");
		expect(serverText(notice)).toContain("An owner or admin can buy a top-up");
		expect(serverHtml(notice)).not.toContain("href");
	});

	test("to a member with a used-up share", () => {
		const notice = limitNotice("member", { organization: joined });
		expect(serverText(notice)).toContain("An owner or admin can give you more.");
		expect(serverHtml(notice)).not.toContain("href");
	});
});

test("only a kept message is announced as sent after the purchase", () => {
	for (const policy of ["free", "paid"] as const) {
		expect(serverText(limitNotice(policy, { isKept: true }))).toContain("We’ll send your message as soon as you");
		expect(serverText(limitNotice(policy))).not.toContain("We’ll send");
	}
});

test("the notice names the organization when its plan is used up", () => {
	expect(serverText(limitNotice("paid", { organization: managed }))).toContain("Acme has used all its requests for this billing period.");
});

const failureNotice = (failure: Failure | undefined, online = true) =>
	failure?.kind === "refused" ? <RefusalNotice {...common} refusal={failure} /> : <Notice {...common} failure={failure} online={online} />;
const refusal = { type: "about:blank", title: "Forbidden", status: 403, detail: "Show that you are human." };

test("a request that did not arrive can be retried without being counted twice", () => {
	expect(serverText(failureNotice({ kind: "unreached" }))).toContain("it will only count once.Try again");
});

test("a broken connection offers no retry, because the server continues the answer", () => {
	expect(serverText(failureNotice({ kind: "broken" }))).toContain("The answer is still being written");
	expect(serverHtml(failureNotice({ kind: "broken" }))).not.toContain("<button");
});

test("a failed stop reports that the answer continues", () => {
	expect(serverText(failureNotice({ kind: "stop-failed" }))).toContain("The answer could not be stopped");
});

test("a refusal is shown in the server's own text, with a retry", () => {
	expect(serverText(failureNotice({ kind: "refused", problem: { ...refusal, detail: "Not now." } }))).toBe("Not now.Try again");
});

test("a refusal that would repeat offers no retry, and a server fault has a reference to quote", () => {
	const problem = { ...refusal, type: "urn:parley:problem:not-readable-by-model", status: 400, detail: "No images." };
	expect(serverText(failureNotice({ kind: "refused", problem }))).toBe("No images.");
	const fault = { ...refusal, type: "urn:parley:problem:internal-error", status: 500, detail: "It failed.", requestId: "r-1" };
	expect(serverText(failureNotice({ kind: "refused", problem: fault }))).toBe("It failed.Reference for support: r-1Try again");
});

test("a guest who has to solve a check can sign up instead", () => {
	const notice = failureNotice({ kind: "refused", problem: { ...refusal, siteKey: "key" } });
	expect(serverText(notice)).toContain("Show that you are human. Your draft is saved.");
	expect(serverHtml(notice)).toContain('href="/sign-up?next=%2Fc%2Fabc"');
});

test("text from the server is escaped", () => {
	const problem = { ...refusal, detail: "<img src=x onerror=alert(1)>" };
	expect(serverHtml(failureNotice({ kind: "refused", problem }))).not.toContain("<img");
});

test("the offline notice says that writing is still possible", () => {
	expect(serverText(failureNotice(undefined, false))).toBe("You’re offline. Keep writing and send when you’re back.");
	expect(serverText(failureNotice(undefined))).toBe("");
});

const asked: Price = { units: 6, model: "dear", effort: "high", whole: true };
const sending: Sending = { kind: "new", text: "Hello", messageId: "m", key: "k", price: asked };

describe("a changed price", () => {
	const problem = { ...refusal, type: "urn:parley:problem:price-has-changed", status: 409, price: { ...asked, units: 12 } };

	test("is shown, and one press sends at it", async () => {
		const onSendAt = vi.fn();
		const page = await mount(<RefusalNotice {...common} refusal={{ kind: "refused", problem, sending }} onSendAt={onSendAt} />);
		expect(page.text()).toContain("The price has changed: this now costs 12 requests, not 6. Nothing was sent or counted.");
		await page.press("Send · 12 requests");
		expect(onSendAt).toHaveBeenCalledExactlyOnceWith(sending, { ...asked, units: 12 });
		await page.unmount();
	});
});

describe("fewer requests left than the request costs", () => {
	const notice = (affordable: Price[], more: Partial<RefusalNoticeProps> = {}, left = 2) => (
		<RefusalNotice
			{...common}
			limit={{ policy: "free", limit: 20, resetAt, tooFew: { units: 6, left, affordable } }}
			refusal={{ kind: "refused", problem: refusal, sending }}
			{...more}
		/>
	);

	test("offer each request that they cover as a button", async () => {
		const onSendAt = vi.fn();
		const cheap = { units: 1, model: "cheap", effort: null, whole: false };
		const page = await mount(notice([{ ...asked, whole: false, units: 2 }, { ...asked, effort: "low" }, cheap], { onSendAt }));
		expect(page.text()).toContain("This costs 6 requests, and you have 2 left. Your draft is saved.");
		page.button("Send without older messages · 2 requests");
		page.button("Send with low effort · 6 requests");
		await page.press("Send with GPT-5 nano, without older messages · 1 request");
		expect(onSendAt).toHaveBeenCalledExactlyOnceWith(sending, cheap);
		await page.unmount();
	});

	test("offer one of two efforts at the same price", () => {
		const low = { ...asked, effort: "low" as const, units: 2 };
		const text = serverText(notice([low, { ...low, effort: null }, { ...low, effort: null, units: 1 }]));
		expect(text).toContain("Send with low effort · 2 requestsSend without extra effort · 1 request");
	});

	test("lead to the plans, but only a viewer who can buy there", () => {
		expect(serverHtml(notice([]))).toContain('href="/pricing"');
		expect(serverHtml(notice([], { canPay: false }))).not.toContain("href");
		expect(serverHtml(notice([], { organization: joined }))).not.toContain("href");
	});

	test("say so when only a subscriber's free day is left and does not cover this request", () => {
		expect(serverText(notice([], {}, 0))).toContain("Your plan’s requests are used up, and today’s free requests don’t cover this one.");
	});
});

test("a model outside the viewer's plan leads to a plan that has it, and the message is kept", () => {
	const problem = { ...refusal, type: "urn:parley:problem:not-in-your-plan", detail: "GPT-5 is part of Pro.", upgradeUrl: "/pricing" };
	const notice = (more: Partial<RefusalNoticeProps> = {}, upgradeUrl = "/pricing") => (
		<RefusalNotice {...common} {...more} refusal={{ kind: "refused", problem: { ...problem, upgradeUrl }, sending }} />
	);
	expect(serverText(notice())).toBe("GPT-5 is part of Pro. Your draft is saved.Go Pro");
	expect(serverHtml(notice())).toContain('href="/pricing"');
	expect(serverHtml(notice({ canPay: false }))).not.toContain("href");
	expect(serverHtml(notice({ canPay: false }, "/sign-up"))).toContain('href="/sign-up?next=%2Fc%2Fabc"');
});

test("notices about a server reply are loaded on demand, and the page renders without them", async () => {
	const page = await mount(<Notice {...common} failure={{ kind: "refused", problem: { ...refusal, detail: "Not now." } }} online />);
	await vi.waitFor(() => expect(page.text()).toBe("Not now.Try again"), { timeout: 30_000 });
	await page.unmount();
});
