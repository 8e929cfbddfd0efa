import { expect, test } from "vitest";
import { serverHtml, serverText } from "../testing/render.tsx";
import { freeUsage, guestUsage, ofAcme, paidUsage, spent } from "../testing/views.ts";
import { TallyLine } from "./tally-line.tsx";

const line = (usage: typeof guestUsage) => serverText(<TallyLine usage={usage} />);

test("shows the remaining requests and the reset, for every tier", () => {
	expect(line(guestUsage)).toBe("3 free requests left");
	expect(line(freeUsage)).toBe("20 of 20 left today · resets at 12:00 AM UTC");
	expect(line(paidUsage)).toBe("600 of 1,000 left · renews December 1");
});

test("changes its wording from 80 % on, at two and at zero", () => {
	const free = (remaining: number) => line({ ...freeUsage, used: 20 - remaining, remaining });
	expect([5, 4, 2, 1, 0].map(free)).toEqual([
		"5 of 20 left today · resets at 12:00 AM UTC",
		"Only 4 of 20 left today · resets at 12:00 AM UTC",
		"Last 2 requests today · resets at 12:00 AM UTC",
		"Last request today · resets at 12:00 AM UTC",
		"No requests left today · resets at 12:00 AM UTC",
	]);
	const guest = (remaining: number) => line({ ...guestUsage, used: 5 - remaining, remaining });
	expect([2, 1, 0].map(guest)).toEqual(["Last 2 free requests", "Last free request", "No free requests left"]);
	expect(line({ ...guestUsage, limit: 50, used: 41, remaining: 9 })).toBe("Only 9 of 50 free left");
	const paid = (remaining: number) => line({ ...paidUsage, used: 1000 - remaining, remaining });
	expect([201, 200, 1, 0].map(paid)).toEqual([
		"201 of 1,000 left · renews December 1",
		"Only 200 of 1,000 left · renews December 1",
		"Only 1 of 1,000 left · renews December 1",
		"No requests left · renews December 1",
	]);
});

test("says that a cancelled plan ends, never that it renews", () => {
	expect(line({ ...paidUsage, plan: { state: "ending", at: paidUsage.resetAt } })).toBe("600 of 1,000 left · ends December 1");
});

test("counts top-ups separately from the plan", () => {
	expect(line({ ...paidUsage, remaining: 1100, topUps: 500 })).toBe("600 of 1,000 left · renews December 1 · 500 from top-ups");
	expect(line({ ...paidUsage, used: 1000, remaining: 500, topUps: 500 })).toBe("0 of 1,000 left · renews December 1 · 500 from top-ups");
});

test("shows a member's share if it runs out before the plan", () => {
	expect(line({ ...ofAcme(paidUsage, { limit: 50, used: 10 }), remaining: 40 })).toBe("Acme: 40 of your 50 left · renews December 1");
	expect(line({ ...ofAcme(paidUsage, { limit: 50, used: 50 }), remaining: 0 })).toBe("Acme: 0 of your 50 left · renews December 1");
});

test("adds a subscriber's free day once plan and top-ups are used up", () => {
	const freeDay = { limit: 20, used: 2, held: 0, remaining: 18 };
	expect(line({ ...spent(paidUsage), freeDay })).toBe(
		"No requests left · renews December 1 · 18 of 20 free requests left today · Buy a top-up",
	);
	expect(line({ ...paidUsage, freeDay })).not.toContain("free");
	expect(serverHtml(<TallyLine usage={{ ...spent(paidUsage), freeDay }} />).match(/data-mark="left"/g)).toHaveLength(18);
});

test("mentions the viewer's own answers in flight, but not those of colleagues", () => {
	expect(line({ ...freeUsage, held: 2 })).toContain("· 2 in progress");
	expect(line({ ...ofAcme(paidUsage), held: 7 })).not.toContain("in progress");
	expect(line(ofAcme(paidUsage, { held: 1 }))).toContain("· 1 in progress");
});

test("says when the balance could not be checked with the billing service", () => {
	expect(line({ ...freeUsage, unverified: true })).toContain("so this may be too low");
});

test("draws marks up to 25 requests and a bar above, both with their text", () => {
	expect(serverHtml(<TallyLine usage={guestUsage} />).match(/data-mark/g)).toHaveLength(5);
	expect(serverHtml(<TallyLine usage={paidUsage} />)).not.toContain("data-mark");
	expect(serverHtml(<TallyLine usage={paidUsage} />)).toContain('aria-label="600 of 1,000 requests left"');
});

test("the bar draws the remaining requests, even if more were used than counted here", () => {
	const widthOf = (usage: typeof paidUsage) => /width="([\d.]+)"[^>]*data-bar="left"/.exec(serverHtml(<TallyLine usage={usage} />))?.[1];
	// The provider counts usage that this ledger has not seen: nothing remains, although nothing was used here.
	expect(widthOf({ ...paidUsage, used: 0, remaining: 0 })).toBe("0");
	expect(widthOf({ ...paidUsage, used: 0, remaining: 1000 })).toBe("80");
	expect(widthOf({ ...paidUsage, used: 500, remaining: 500 })).toBe("40");
	expect(widthOf({ ...paidUsage, used: 999, remaining: 1 }), "one of a thousand is visible").toBe("3");
});
