import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stateOf } from "../proof/recomputed.ts";
import { type Command, decide, HOLD_MS } from "./ledger.ts";
import type { LedgerState, RequestRow } from "./rows.ts";
import { DEFAULT_LIMITS } from "./tier.ts";
import {
	type AnswerEnd,
	BOUND_OF_FORGIVENESS,
	type Failure,
	fateOfExpired,
	IN_SHORT,
	isBounded,
	type Output,
	RAISES_MAX,
	type Release,
	renderWhoPays,
	WHO_PAYS,
	whoPays,
} from "./who-pays.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const ENDS: readonly AnswerEnd[] = ["complete", "length", "filtered", "stopped", "failed", "interrupted"];
const RELEASES: readonly Release[] = ["failed-midway", "wordless", "stopped-early", "failed-early", "never-started", "refused"];
const OUTPUTS: readonly Output[] = ["words", "tokens", "none"];
const FAILURES: readonly (Failure | undefined)[] = ["busy", "too-long", "unavailable", "failed", "interrupted", undefined];
const page = new URL("../../../docs/who-pays.md", import.meta.url);

/** A ledger with one held request, after more commands. */
function held(...more: Command[]): LedgerState {
	const rows = new Map<string, RequestRow>();
	const tables = { rows, adjustments: new Map(), checkpoints: new Map() };
	const state = stateOf(tables, { kind: "user", limits: DEFAULT_LIMITS, entitlement: null, closed: false, paidKeepsFreeDay: true });
	for (const command of [{ type: "hold", id: "a", fingerprint: "f", units: 1, chatId: "c" } as const, ...more]) {
		const { row } = decide(state, command, NOON);
		if (row) rows.set("a", row);
	}
	return state;
}

const pays = (end: AnswerEnd, output: Output, failure?: Failure) => whoPays({ end, output, failure });

/** The ledger's decision about an answer with this end. */
function outcomeOf(end: AnswerEnd, output: Output, failure: Failure | undefined): string | undefined {
	const release = pays(end, output, failure);
	const command: Command = release === null ? { type: "settle", id: "a" } : { type: "release", id: "a", why: release };
	return decide(held(), command, NOON).row?.state;
}

test("an answer counts if it has words and completed, hit a limit or filter, or was stopped; otherwise its hold is released", () => {
	for (const end of ENDS) {
		for (const output of OUTPUTS) {
			for (const failure of FAILURES) {
				const counts = output === "words" && end !== "failed" && end !== "interrupted";
				expect(outcomeOf(end, output, failure), `${end}, ${output}, ${failure}`).toBe(counts ? "settled" : "released");
			}
		}
	}
});

test("only releases that cost a model call are bounded", () => {
	expect(RELEASES.filter(isBounded)).toEqual(["failed-midway", "wordless", "stopped-early"]);
	for (const failure of FAILURES) {
		expect(pays("failed", "words", failure)).toBe("failed-midway");
		expect(pays("failed", "none", failure)).toBe("failed-early");
		expect(pays("failed", "tokens", failure)).toBe("wordless");
	}
	expect(pays("interrupted", "words")).toBe("failed-midway");
	expect(pays("stopped", "none")).toBe("stopped-early");
	expect(pays("stopped", "tokens")).toBe("stopped-early");
	expect(pays("complete", "tokens")).toBe("wordless");
	expect(pays("filtered", "none")).toBe("wordless");
});

test("an expired hold is released, extended or counted by its chat's status", () => {
	const late = NOON + HOLD_MS;
	const after = (chatStatus: "never-started" | "running" | "unreachable") =>
		decide(held(), { type: "expire", id: "a", chatStatus }, late).row?.state;
	expect([after("never-started"), after("running"), after("unreachable")]).toEqual(["released", "held", "expired"]);
	expect(fateOfExpired("unreachable")).toBe(WHO_PAYS.unreachable.fate);
});

test("a priced step is added to the hold, refused without a trace, or lowered again", () => {
	const raise = (step: number, units: number): Command => ({ type: "raise", id: "a", attempt: 1, step, units, maxUnits: 3 });
	expect(decide(held(), raise(1, 2), NOON).row).toMatchObject({ state: "held", units: 3 });
	expect(WHO_PAYS.step.fate).toEqual({ kind: "raise" });
	expect(decide(held(), raise(1, 3), NOON)).toEqual({ outcome: { kind: "not-raised", reason: "max-units", left: 2 } });
	expect(WHO_PAYS["step-refused"].fate).toEqual({ kind: "refuse", why: "refused" });
	expect(decide(held(), raise(RAISES_MAX + 1, 1), NOON).row).toBeUndefined();
	expect(WHO_PAYS.step.counted).toContain(`at most ${RAISES_MAX} times an answer`);
	expect(WHO_PAYS["step-failed"].fate).toEqual({ kind: "lower" });
	expect(decide(held(raise(1, 2)), { type: "lower", id: "a", attempt: 1, step: 1 }, NOON).row).toMatchObject({ state: "held", units: 1 });
});

test("throws for an end or status that no rule covers", () => {
	// @ts-expect-error not an end
	expect(() => pays("exploded", "words")).toThrow('invariant: no rule covers the end "exploded"');
	// @ts-expect-error not a status
	expect(() => fateOfExpired("shouting")).toThrow('invariant: no rule covers the chat status "shouting"');
});

test("the page has every row of the table and the bound", () => {
	const text = renderWhoPays();
	for (const { happens, counted } of Object.values(WHO_PAYS)) expect(text).toContain(`| ${happens} | ${counted} |\n`);
	expect(text).toMatch(/^# Who pays\n\n<!--.*-->\n\n\| What happens \| Counted \|\n\|---\|---\|\n/);
	expect(text).toContain("| You delete a chat or your account | What was counted stays counted. |\n\n**The bound.**");
	expect(text.endsWith("at most 20 times, in a day or a billing period. Then they count.\n")).toBe(true);
});

test.runIf(existsSync(page))("docs/who-pays.md is rendered from the table", () => {
	expect(readFileSync(page, "utf8")).toBe(renderWhoPays());
});

test("each row of the short summary agrees with the rules that it summarizes", () => {
	for (const { happens, counts, rules } of Object.values(IN_SHORT))
		for (const rule of rules) {
			const { kind } = WHO_PAYS[rule].fate;
			expect(kind, `${happens}: ${rule}`).toBe(counts ? (rule === "left" ? "keep" : rule === "anew" ? "hold" : "settle") : "release");
		}
});

test("texts for customers contain no internal terms", () => {
	const texts = [...Object.values(WHO_PAYS), ...Object.values(IN_SHORT)].flatMap(({ happens, counted }) => [happens, counted]);
	for (const text of [...texts, BOUND_OF_FORGIVENESS])
		expect(text).not.toMatch(/\b(held|hold|ledger|subject|tier|window|upstream|\d{3})\b/);
});
