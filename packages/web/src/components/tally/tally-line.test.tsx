import { expect, test } from "vitest";
import { serverHtml, serverText } from "../testing/render.tsx";
import { freeUsage, guestUsage, ofAcme, paidUsage, spent } from "../testing/views.ts";
import { TallyLine } from "./tally-line.tsx";

const line = (usage: typeof guestUsage) => serverText(<TallyLine usage={usage} />);

test("says what is left and when it resets, for every tier", () => {
	expect(line(guestUsage)).toBe("3 of 5 free requests left, no reset.");
	expect(line(freeUsage)).toBe("You have 20 requests left today. They reset at 00:00 UTC.");
	expect(line({ ...freeUsage, remaining: 1 })).toContain("You have 1 request left today.");
	expect(line(spent(freeUsage))).toContain("You have no requests left today.");
	expect(line(paidUsage)).toBe("600 of 1,000 left until 1 December.");
});

test("counts top-ups apart from the plan", () => {
	expect(line({ ...paidUsage, remaining: 1100, topUps: 500 })).toBe("600 of 1,000 left until 1 December, and 500 from top-ups.");
});

test("shows a member's own share when it runs out before the plan", () => {
	expect(line({ ...ofAcme(paidUsage, { limit: 50, used: 10 }), remaining: 40 })).toBe("Acme: 40 of your 50 left until 1 December.");
});

test("adds the free day of a subscriber once plan and top-ups are used up", () => {
	const freeDay = { limit: 20, used: 2, held: 0, remaining: 18 };
	expect(line({ ...spent(paidUsage), freeDay })).toBe("0 of 1,000 left until 1 December. 18 of 20 free requests left today. Buy a top-up");
	expect(line({ ...paidUsage, freeDay })).not.toContain("free");
	expect(serverHtml(<TallyLine usage={{ ...spent(paidUsage), freeDay }} />).match(/data-mark="left"/g)).toHaveLength(18);
});

test("mentions the viewer's own answers in flight, and not those of colleagues", () => {
	expect(line({ ...freeUsage, held: 2 })).toContain("2 are being answered.");
	expect(line({ ...ofAcme(paidUsage), held: 7 })).not.toContain("being answered");
	expect(line(ofAcme(paidUsage, { held: 1 }))).toContain("One is being answered.");
});

test("says when the balance could not be checked with the billing service", () => {
	expect(line({ ...freeUsage, unverified: true })).toContain("so this may be too low");
});

test("draws marks up to 25 requests and a bar above, both with their text", () => {
	expect(serverHtml(<TallyLine usage={guestUsage} />).match(/data-mark/g)).toHaveLength(5);
	expect(serverHtml(<TallyLine usage={paidUsage} />)).not.toContain("data-mark");
	expect(serverHtml(<TallyLine usage={paidUsage} />)).toContain('aria-label="600 of 1000 requests left"');
});
