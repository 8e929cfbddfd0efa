/** The `q` quantile (0 to 1), interpolated linearly between neighbours. NaN without values. */
export function quantile(values: readonly number[], q: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	const at = (sorted.length - 1) * q;
	const below = sorted[Math.floor(at)] ?? Number.NaN;
	const above = sorted[Math.ceil(at)] ?? below;
	return below + (above - below) * (at - Math.floor(at));
}

export interface Summary {
	n: number;
	p50: number;
	p95: number;
	p99: number;
}

export function summarize(values: readonly number[]): Summary {
	return { n: values.length, p50: quantile(values, 0.5), p95: quantile(values, 0.95), p99: quantile(values, 0.99) };
}

export interface Range {
	/** Number of rounds with a finite value. */
	rounds: number;
	median: number;
	p10: number;
	p90: number;
}

/** Summarizes one value per round. Rounds without a finite value are excluded, also from `rounds`. */
export function acrossRounds(values: readonly number[]): Range {
	const finite = values.filter(Number.isFinite);
	return { rounds: finite.length, median: quantile(finite, 0.5), p10: quantile(finite, 0.1), p90: quantile(finite, 0.9) };
}

/** `theirs` divided by `ours`. NaN when `ours` is within the noise. */
export function ratio(theirs: number, ours: number, leastMeaningful = 0.05): number {
	return ours < leastMeaningful ? Number.NaN : theirs / ours;
}

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function randomFrom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}
