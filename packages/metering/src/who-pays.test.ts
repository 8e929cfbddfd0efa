import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stateOf } from "../proof/recomputed.ts";
import { type Command, decide, HOLD_MS } from "./ledger.ts";
import type { LedgerState, RequestRow } from "./rows.ts";
import { DEFAULT_LIMITS } from "./tier.ts";
import { type AnswerEnd, fateOfExpired, isBounded, type Release, renderWhoPays, sentenceOf, WHO_PAYS, whoPays } from "./who-pays.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const ENDS: readonly AnswerEnd[] = ["complete", "length", "filtered", "stopped", "failed", "interrupted"];
const RELEASES: readonly Release[] = ["failed-midway", "stopped-early", "failed-early", "never-started", "refused"];
const page = new URL("../../../docs/who-pays.md", import.meta.url);

function held(): LedgerState {
	const rows = new Map<string, RequestRow>();
	const tables = { rows, adjustments: new Map(), checkpoints: new Map() };
	const state = stateOf(tables, { kind: "user", limits: DEFAULT_LIMITS, entitlement: null, closed: false, paidKeepsFreeDay: true });
	const { row } = decide(state, { type: "hold", id: "a", fingerprint: "f", units: 1, chatId: "c" }, NOON);
	if (row) rows.set("a", row);
	return state;
}

/** The ledger's decision about an answer that ended this way. */
function outcomeOf(end: AnswerEnd, output: boolean): string | undefined {
	const { release } = whoPays(end, output);
	const command: Command = release === null ? { type: "settle", id: "a" } : { type: "release", id: "a", why: release };
	return decide(held(), command, NOON).row?.state;
}

test.each([
	["complete", true, "settled"],
	["length", true, "settled"],
	["filtered", true, "settled"],
	["stopped", true, "settled"],
	["failed", true, "released"],
	["interrupted", true, "released"],
	["stopped", false, "released"],
	["failed", false, "released"],
	["interrupted", false, "released"],
	["complete", false, "released"],
	["length", false, "released"],
	["filtered", false, "released"],
] as const)("an answer that ends as %s (output: %s) is %s", (end, output, state) => {
	expect(outcomeOf(end, output)).toBe(state);
});

test("only releases that cost a model call are bounded", () => {
	expect(whoPays("failed", true).release).toBe("failed-midway");
	expect(whoPays("interrupted", true).release).toBe("failed-midway");
	expect(whoPays("stopped", false).release).toBe("stopped-early");
	expect(whoPays("failed", false).release).toBe("failed-early");
	expect(RELEASES.filter(isBounded)).toEqual(["failed-midway", "stopped-early"]);
});

test("an expired hold is released, extended or counted by its chat's status", () => {
	const late = NOON + HOLD_MS;
	const after = (chatStatus: "never-started" | "running" | "unreachable") =>
		decide(held(), { type: "expire", id: "a", chatStatus }, late).row?.state;
	expect([after("never-started"), after("running"), after("unreachable")]).toEqual(["released", "held", "expired"]);
	expect(fateOfExpired("unreachable")).toBe(WHO_PAYS.unreachable.fate);
});

test("the note under an answer states the ledger's decision, also beyond the bound", () => {
	expect(sentenceOf("complete", true, true)).toBeNull();
	expect(sentenceOf("failed", true, false)).toBe("That answer failed, so it was not counted.");
	expect(sentenceOf("failed", true, true)).toBe("That answer failed.");
	expect(sentenceOf("interrupted", true, false)).toBe("That answer was interrupted, so it was not counted.");
	expect(sentenceOf("interrupted", true, true)).toBe("That answer was interrupted.");
	expect(sentenceOf("stopped", true, true)).toBe("You stopped this answer. It was counted.");
	expect(sentenceOf("stopped", false, false)).toBe("You stopped this answer. It was not counted.");
	expect(sentenceOf("length", true, true)).toBe("This answer reached its greatest length. Ask for the rest to go on.");
	expect(sentenceOf("filtered", true, true)).toBe("A content filter of the model ended this answer.");
	for (const end of ENDS) {
		for (const output of [true, false]) {
			expect(sentenceOf(end, output, true) ?? "", `${end} ${output}`).not.toMatch(/not counted/);
			expect(sentenceOf(end, output, false) ?? "", `${end} ${output}`).not.toMatch(/was counted/);
		}
	}
});

test("throws for an end or status that no rule covers", () => {
	// @ts-expect-error not an end
	expect(() => whoPays("exploded", true)).toThrow('invariant: no rule covers the end "exploded"');
	// @ts-expect-error not a status
	expect(() => fateOfExpired("shouting")).toThrow('invariant: no rule covers the chat status "shouting"');
});

test("the page has every row of the table and the bound", () => {
	const text = renderWhoPays();
	for (const { happens, counted } of Object.values(WHO_PAYS)) expect(text).toContain(`| ${happens} | ${counted} |\n`);
	expect(text).toMatch(/^# Who pays\n\n<!--.*-->\n\n\| What happens \| Counted \|\n\|---\|---\|\n/);
	expect(text).toContain("| You delete a chat or your account | What was counted stays counted. |\n\n**The bound.**");
	expect(text.endsWith("at most 20 times, in a window. Then they count.\n")).toBe(true);
});

test.runIf(existsSync(page))("docs/who-pays.md is rendered from the table", () => {
	expect(readFileSync(page, "utf8")).toBe(renderWhoPays());
});
