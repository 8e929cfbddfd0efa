/** Repairs a provider's differences from the plan file one by one, and rereads its state after each. */

/** One difference from the plan file. */
export interface Difference<Step> {
	/** The line that `diff` prints. */
	says: string;
	/** The line that `push` prints after the repair, or the manual steps if no call can repair it. */
	done: string;
	/** The repair. Null if it has to be done by hand. */
	step: Step | null;
}

/** A provider's current state. */
interface Look<Step> {
	differences: Difference<Step>[];
	/** Everything that was read, to detect later changes. */
	seen: string;
	/** Repairs one difference. Returns extra lines to print. */
	repair(step: Step): Promise<string[]>;
}

export interface Provider<Step> {
	name: string;
	look(): Promise<Look<Step>>;
}

export type Say = (line: string) => void;

/** More than any plan file needs. Only two conflicting pushes could reach it. */
const roundsMax = 200;

/** Prints each difference. Returns whether there is none. */
export async function printDifferences<Step>(provider: Provider<Step>, say: Say): Promise<boolean> {
	const { differences } = await provider.look();
	for (const { says } of differences) say(says);
	if (differences.length === 0) say(`${provider.name} is as plans.json says.`);
	return differences.length === 0;
}

/** Repairs what it can and prints each repair. Returns whether nothing remains to be done by hand. */
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
		// A failed call may have taken effect, or another push may have been faster. It is an error only if nothing changed.
		if (now.seen === before.seen)
			throw failure === null ? new Error(`${provider.name} accepted the change but does not show it: ${next.says}`) : failure.error;
	}
	throw new Error(`${provider.name} is being changed by somebody else: push again when they have finished.`);
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
