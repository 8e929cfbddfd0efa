/**
 * One allowance that several objects spend: a parent leases units to parts. A model, not in the product (docs/scale.md). All numbers only grow
 * and are totals since the beginning, so a message that is lost, repeated or late changes nothing.
 */
export class LeasedAllowance {
	readonly limit: number;
	/** Units leased to each part, and units that it has given back. */
	readonly #granted: number[];
	readonly #returned: number[];

	constructor(limit: number, parts: number) {
		this.limit = limit;
		this.#granted = Array.from({ length: parts }, () => 0);
		this.#returned = Array.from({ length: parts }, () => 0);
	}

	/** Units that no part has. */
	get free(): number {
		return this.limit - sumOf(this.#granted) + sumOf(this.#returned);
	}

	/**
	 * Answers a part that wants `wanted` units in total. The less is left, the smaller the lease: at most half of the part's share.
	 * @returns the units leased to the part in total
	 */
	lease(part: number, wanted: number): number {
		const granted = this.#granted[part] ?? 0;
		const most = Math.ceil(this.free / (2 * this.#granted.length));
		this.#granted[part] = granted + Math.max(0, Math.min(wanted - granted, most));
		return this.#granted[part] ?? 0;
	}

	/** Takes what a part has given back in total. */
	takeBack(part: number, returned: number): void {
		this.#returned[part] = Math.max(this.#returned[part] ?? 0, returned);
	}
}

/** One of the objects that spend a leased allowance. It decides alone, by the units that it has. */
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

	/** What the part wants in total, to have this many units. */
	wants(units: number): number {
		return this.#granted + Math.max(0, units - this.free);
	}

	/** Takes the parent's answer. */
	receive(granted: number): void {
		this.#granted = Math.max(this.#granted, granted);
	}

	/** Gives all free units back. @returns what was given back in total */
	giveBack(): number {
		this.#returned += Math.max(0, this.free);
		return this.#returned;
	}
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);
