import type { Context } from "./context.ts";
import { Breach, describe, Unjudged } from "./failure.ts";

/** What a rule found: the facts in words, and which of them break it. */
export interface Finding {
	found: string;
	wrong: string[];
}

export type Leaving = "spent guest" | "newcomer" | "finished chat";

/** A published rule (docs/who-pays.md, docs/architecture.md) and how it is tried. */
export interface Rule {
	name: string;
	did: string;
	expected: string;
	/** Model calls that a deployment which keeps the rules makes for it, by the limit of a guest. */
	calls: (guestLimit: number) => number;
	/** What it uses of another rule's leavings; where that one does not run, it is made, for a guest's limit or for one call. */
	uses?: Leaving;
	/** Leaves it for others. */
	leaves?: Leaving;
	/** Cannot be tried without an account. */
	needsAccount?: boolean;
	judge: (context: Context) => Promise<Finding>;
}

export type Verdict = "ok" | "BREACH" | "skipped";

export interface Result {
	rule: string;
	did: string;
	expected: string;
	found: string;
	verdict: Verdict;
	/** The run was cut off here, by its own time or by the connection: nothing is known of the rule. */
	cutOff: boolean;
	durationMs: number;
}

/** Collects what is wrong, so that one breach does not hide the next. */
export class Checks {
	readonly wrong: string[] = [];

	that(holds: boolean, otherwise: string): void {
		if (!holds && !this.wrong.includes(otherwise)) this.wrong.push(otherwise);
	}

	finding(found: string): Finding {
		return { found, wrong: this.wrong };
	}
}

export async function judge(rule: Rule, context: Context): Promise<Result> {
	const startedMs = performance.now();
	const { name, did, expected } = rule;
	const result = (verdict: Verdict, found: string, cutOff = false): Result => ({
		rule: name,
		did,
		expected,
		found,
		verdict,
		cutOff,
		durationMs: Math.round(performance.now() - startedMs),
	});
	if (rule.needsAccount && !context.mayMakeAccount)
		return result("skipped", "makes an account, which cannot be taken back: ask for it with --account");
	try {
		const { found, wrong } = await rule.judge(context);
		return wrong.length > 0 ? result("BREACH", wrong.join("; ")) : result("ok", found);
	} catch (error) {
		if (error instanceof Unjudged) return result("skipped", error.message);
		if (error instanceof Breach) return result("BREACH", error.message);
		return result("skipped", describe(error), true);
	}
}
