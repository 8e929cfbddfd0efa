/**
 * One allowance that several objects spend: a parent leases units to parts. A model, not in the product (docs/scale.md). All numbers are totals
 * since the beginning and only grow, so a lost, repeated or late message changes nothing.
 */
export class LeasedAllowance {
	readonly limit: number;
	/** Units leased to each part, and units that it has returned. */
	readonly #granted: number[];
	readonly #returned: number[];

	constructor(limit: number, parts: number) {
		this.limit = limit;
		this.#granted = Array.from({ length: parts }, () => 0);
		this.#returned = Array.from({ length: parts }, () => 0);
	}

	/** Units not leased to any part. */
	get free(): number {
		return this.limit - sumOf(this.#granted) + sumOf(this.#returned);
	}

	/**
	 * Answers a part that requests `wanted` units in total. A lease is at most half of the part's share of the free units, so leases shrink.
	 * @returns the total units leased to the part
	 */
	lease(part: number, wanted: number): number {
		const granted = this.#granted[part] ?? 0;
		const most = Math.ceil(this.free / (2 * this.#granted.length));
		this.#granted[part] = granted + Math.max(0, Math.min(wanted - granted, most));
		return this.#granted[part] ?? 0;
	}

	/** Receives the total that a part has returned. */
	takeBack(part: number, returned: number): void {
		this.#returned[part] = Math.max(this.#returned[part] ?? 0, returned);
	}
}

/** One of the objects that spend a leased allowance. It decides alone, from its own units. */
export class LeasedPart {
	/** Units that requests hold or have used. */
	taken = 0;
	#granted = 0;
	#returned = 0;

	/** Units that the next request may take. */
	get free(): number {
		return this.#granted - this.#returned - this.taken;
	}

	/** @returns whether the part had enough */
	take(units: number): boolean {
		if (units > this.free) return false;
		this.taken += units;
		return true;
	}

	/** Releases units of a request that failed. */
	release(units: number): void {
		this.taken -= units;
	}

	/** The total to request so that this many units are free. */
	wants(units: number): number {
		return this.#granted + Math.max(0, units - this.free);
	}

	/** Receives the parent's answer: the total leased. */
	receive(granted: number): void {
		this.#granted = Math.max(this.#granted, granted);
	}

	/** Returns all free units to the parent. @returns the total returned so far */
	giveBack(): number {
		this.#returned += Math.max(0, this.free);
		return this.#returned;
	}
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);
