import type { Context } from "./context.ts";
import { Breach, describe, Unjudged } from "./failure.ts";

/** A rule's outcome: a sentence for the report, and each breach. */
export interface Finding {
	found: string;
	wrong: string[];
}

/** State of the deployment that one rule leaves for another, so that it is created and paid for only once. */
export type Leaving = "spent guest" | "newcomer" | "finished chat";

/** A published rule (docs/who-pays.md, docs/architecture.md) and how to check it. */
export interface Rule {
	name: string;
	did: string;
	expected: string;
	/** Model calls that the rule costs on a conforming deployment, given its guest limit. */
	calls: (guestLimit: number) => number;
	/** State that the rule reuses from an earlier rule, or creates if that rule does not run. */
	uses?: Leaving;
	/** State that the rule leaves for later rules. */
	leaves?: Leaving;
	/** The rule needs an account. */
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
	/** The time limit or the connection ended the run here, so the rule was not judged. */
	cutOff: boolean;
	durationMs: number;
}

/** Collects breaches, so that one does not hide the next. */
export class Checks {
	readonly wrong: string[] = [];

	that(holds: boolean, otherwise: string): void {
		if (!holds && !this.wrong.includes(otherwise)) this.wrong.push(otherwise);
	}

	finding(found: string): Finding {
		return { found, wrong: this.wrong };
	}
}

/** Checks one rule. Never throws: a connection error makes the rule `skipped` and `cutOff`. */
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
		return result("skipped", "creates an account, which cannot be undone: allow it with --account");
	try {
		const { found, wrong } = await rule.judge(context);
		return wrong.length > 0 ? result("BREACH", wrong.join("; ")) : result("ok", found);
	} catch (error) {
		if (error instanceof Unjudged) return result("skipped", error.message);
		if (error instanceof Breach) return result("BREACH", error.message);
		return result("skipped", describe(error), true);
	}
}
