import { describe, expect, test } from "vitest";
import type { UsageView } from "../../view/usage.ts";
import { serverHtml, serverText } from "../testing/render.tsx";
import { ofAcme, paidUsage } from "../testing/views.ts";
import type { Failure } from "./conversation.ts";
import type { Limit } from "./limit.ts";
import { FailureNotice, LimitNotice, OfflineNotice } from "./notice.tsx";

const resetAt = "2026-12-01T06:30:00Z";

interface Options {
	canPay?: boolean;
	isKept?: boolean;
	organization?: UsageView["organization"];
}

const limitNotice = (policy: Limit["policy"], { canPay = true, isKept = false, organization }: Options = {}) => (
	<LimitNotice
		limit={{ policy, limit: 20, resetAt }}
		organization={organization}
		path="/c/abc"
		freeLimit={20}
		canPay={canPay}
		isKept={isKept}
		onTryAgain={() => {}}
	/>
);

const managed = ofAcme(paidUsage, { mayBuy: true }).organization;
const joined = ofAcme(paidUsage, { mayBuy: false }).organization;

describe("each limit names its one next step", () => {
	test("guest: sign up, and return to this chat", () => {
		expect(serverText(limitNotice("guest"))).toBe(
			"You have used your 20 free requests. Sign up to get 20 a day. What you wrote is kept.Sign up",
		);
		expect(serverHtml(limitNotice("guest"))).toContain('href="/sign-up?next=%2Fc%2Fabc"');
	});

	test("network: sign up for a personal allowance", () => {
		expect(serverText(limitNotice("network"))).toContain("The free requests that guests share are used up for today.");
		expect(serverHtml(limitNotice("network"))).toContain('href="/sign-up?next=%2Fc%2Fabc"');
	});

	test("unconfirmed: confirming the address gives back the account's own requests", () => {
		expect(serverText(limitNotice("unconfirmed"))).toBe(
			"Accounts on your network without a confirmed email share a daily number of requests, and it’s used up. They reset at 06:30 UTC. " +
				"Open the link we emailed you to use your own 20 a day now. Your draft is saved.Confirm email",
		);
		expect(serverHtml(limitNotice("unconfirmed"))).toContain('href="/account"');
	});

	test("free: go to the plans, or wait for the reset", () => {
		expect(serverHtml(limitNotice("free"))).toContain('href="/pricing"');
		expect(serverText(limitNotice("free"))).toContain("They reset at 06:30 UTC.");
	});

	test("paid: buy a top-up", () => {
		expect(serverHtml(limitNotice("paid"))).toContain('href="/account"');
		expect(serverText(limitNotice("paid"))).toBe(
			"You have used all requests of this period. New ones come on 1 December. A top-up lets you go on now.Buy a top-up",
		);
	});

	test("member: a viewer who may manage the limit can raise it", () => {
		const notice = limitNotice("member", { organization: managed });
		expect(serverText(notice)).toContain("that Acme gives each member");
		expect(serverText(notice)).toContain("You can set it higher.");
		expect(serverHtml(notice)).toContain('href="/account"');
	});

	test("in-flight: try again", () => {
		expect(serverHtml(limitNotice("in-flight"))).toMatch(/<button[^>]*>Try again<\/button>/);
	});
});

describe("nobody is offered what they cannot buy", () => {
	test("on a server that sells nothing", () => {
		for (const policy of ["free", "paid"] as const) {
			const html = serverHtml(limitNotice(policy, { canPay: false, isKept: true }));
			expect(html).not.toContain("href");
			expect(html).not.toMatch(/Pro|top-up|goes out by itself/);
		}
	});

	test("a member of an organization whose plan is spent", () => {
		const notice = limitNotice("paid", { organization: joined });
		expect(serverText(notice)).toContain("Acme has used all requests of this period.");
		expect(serverText(notice)).toContain("An owner or admin can buy a top-up");
		expect(serverHtml(notice)).not.toContain("href");
	});

	test("a member whose own share is spent", () => {
		const notice = limitNotice("member", { organization: joined });
		expect(serverText(notice)).toContain("An owner or admin can give you more.");
		expect(serverHtml(notice)).not.toContain("href");
	});
});

test("only a kept message is announced as sent after the purchase", () => {
	for (const policy of ["free", "paid"] as const) {
		expect(serverText(limitNotice(policy, { isKept: true }))).toContain("Your message goes out by itself once you have it.");
		expect(serverText(limitNotice(policy))).not.toContain("goes out by itself");
	}
});

test("the notice names the organization when its plan is spent", () => {
	expect(serverText(limitNotice("paid", { organization: managed }))).toContain("Acme has used all requests of this period.");
});

const failureNotice = (failure: Failure) => <FailureNotice failure={failure} path="/c/abc" onTryAgain={() => {}} />;
const refusal = { type: "about:blank", title: "Forbidden", status: 403, detail: "Show that you are human." };

test("a request that did not arrive can be retried without being counted twice", () => {
	expect(serverText(failureNotice({ kind: "unreached" }))).toContain("sending them again counts once.Try again");
});

test("a broken connection offers no retry, because the server continues the answer", () => {
	expect(serverText(failureNotice({ kind: "broken" }))).toContain("The answer goes on without it");
	expect(serverHtml(failureNotice({ kind: "broken" }))).not.toContain("<button");
});

test("a failed stop says that the answer continues", () => {
	expect(serverText(failureNotice({ kind: "stop-failed" }))).toContain("The answer could not be stopped");
});

test("a refusal is shown in the server's own words, with a retry", () => {
	expect(serverText(failureNotice({ kind: "refused", problem: { ...refusal, detail: "Not now." } }))).toBe("Not now.Try again");
});

test("a guest who has to solve a check can sign up instead", () => {
	const notice = failureNotice({ kind: "refused", problem: { ...refusal, siteKey: "key" } });
	expect(serverText(notice)).toContain("Show that you are human. What you wrote is kept.");
	expect(serverHtml(notice)).toContain('href="/sign-up?next=%2Fc%2Fabc"');
});

test("text from the server is escaped", () => {
	const problem = { ...refusal, detail: "<img src=x onerror=alert(1)>" };
	expect(serverHtml(failureNotice({ kind: "refused", problem }))).not.toContain("<img");
});

test("the offline notice says that writing is still possible", () => {
	expect(serverText(<OfflineNotice />)).toBe("You are offline. You can go on writing; send it when you are back.");
});
