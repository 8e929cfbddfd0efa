/** Brings a provider to what the plan file says, one difference after the other, and looks again after each. */

/** One thing that is not as the plan file has it. */
export interface Difference<Step> {
	/** The line that `diff` prints. */
	says: string;
	/** The line that `push` prints once it is repaired; what to do instead, where no call can repair it. */
	done: string;
	/** What repairs it; null where only a person can. */
	step: Step | null;
}

/** A provider as it is now. */
interface Look<Step> {
	differences: Difference<Step>[];
	/** Everything that was read, to tell whether anything has changed since. */
	seen: string;
	/** Repairs one difference; answers what has to be told besides. */
	repair(step: Step): Promise<string[]>;
}

export interface Provider<Step> {
	name: string;
	look(): Promise<Look<Step>>;
}

export type Say = (line: string) => void;

/** More than any plan file needs; only two pushes that want different things could get there. */
const roundsMax = 200;

/** Prints each difference. Answers whether there is none. */
export async function printDifferences<Step>(provider: Provider<Step>, say: Say): Promise<boolean> {
	const { differences } = await provider.look();
	for (const { says } of differences) say(says);
	if (differences.length === 0) say(`${provider.name} is as plans.json says.`);
	return differences.length === 0;
}

/** Repairs what can be repaired and prints what was done. Answers whether nothing is left to do by hand. */
export async function push<Step>(provider: Provider<Step>, say: Say): Promise<boolean> {
	let now = await provider.look();
	let repaired = 0;
	for (let round = 0; round < roundsMax; round += 1) {
		const next = now.differences.find(({ step }) => step !== null);
		if (next === undefined || next.step === null) {
			for (const { says, done } of now.differences) say(`${says}. ${done}`);
			if (repaired === 0) say(`Nothing to do${now.differences.length === 0 ? `: ${provider.name} is as plans.json says` : " but this"}.`);
			return now.differences.length === 0;
		}
		const failure = await now.repair(next.step).then(
			(told) => {
				for (const line of told) say(line);
				return null;
			},
			(error: unknown) => ({ error }),
		);
		const before = now;
		now = await provider.look();
		const left = new Set(now.differences.map(({ says }) => says));
		const gone = before.differences.filter(({ says }) => !left.has(says));
		for (const { done } of gone) say(done);
		repaired += gone.length;
		// A failed call may have been carried out, or another push may have been faster. Only when nothing has moved it is a failure.
		if (now.seen === before.seen)
			throw failure === null ? new Error(`${provider.name} took the change and does not show it: ${next.says}`) : failure.error;
	}
	throw new Error(`${provider.name} is changed by somebody else at the same time: push again when they have ended.`);
}

/** The line for a value that differs. */
export function differs(
	what: string,
	provider: string,
	{ name, found, wanted }: { name: string; found: unknown; wanted: unknown },
): string {
	return `${what}: ${name} ${show(found)} at ${provider}, ${show(wanted)} in plans.json`;
}

function show(value: unknown): string {
	return value === null || value === undefined || value === "" ? "none" : typeof value === "string" ? JSON.stringify(value) : String(value);
}
