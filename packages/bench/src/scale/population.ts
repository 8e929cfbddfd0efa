/** Assumed users and usage, not measured: docs/scale.md shows these numbers beside every figure that depends on them. */
export const ASSUMED_USE = {
	/** Chats per account and day, averaged over all accounts. */
	chatsPerAccount: 0.8,
	/** Guest attempts per chat of an account. */
	guestShare: 0.25,
	/** The busiest hour of a day (UTC), and its traffic as a multiple of the mean. */
	peakHour: 16,
	peakFactor: 2,
	/** Mean length of an answer; lengths are distributed exponentially. */
	answerMs: 8_000,
	/** Share of accounts that act for an organization. */
	inOrganizations: 0.3,
	/** Seats of the largest organization: its share of all accounts, and a maximum. The others are smaller by their rank. */
	largestOrganization: 0.01,
	organizationSeatsMax: 100_000,
	/** Guests in the largest network (a carrier's NAT), as a share of all guests; the others are smaller by their rank. */
	largestNetwork: 0.01,
	guestsPerNetwork: 5,
	/** At work: chats per seat and working day, the day's length, and the busiest time as a multiple of the mean. */
	chatsPerSeat: 20,
	workingHours: 8,
	workPeakFactor: 2,
};

const DAY_S = 86_400;

/** Chats of accounts per second at the busiest time. */
export function peakChatsPerSecond(accounts: number): number {
	return (accounts * ASSUMED_USE.chatsPerAccount * ASSUMED_USE.peakFactor) / DAY_S;
}

/** Traffic at an instant as a multiple of the mean: a sine over the day. */
export function trafficAt(atMs: number): number {
	const { peakHour, peakFactor } = ASSUMED_USE;
	const hour = (atMs / 3_600_000) % 24;
	return 1 + (peakFactor - 1) * Math.cos(((hour - peakHour) / 24) * 2 * Math.PI);
}

/** Milliseconds until the next event of a Poisson process with `perSecond` events on average. */
export function gapMs(random: () => number, perSecond: number): number {
	return (-Math.log(1 - random()) / perSecond) * 1000;
}

/** The length of an answer, milliseconds. */
export function answerMs(random: () => number): number {
	return -Math.log(1 - random()) * ASSUMED_USE.answerMs;
}

/** Groups of people by size, the largest first. Sizes fall with the rank, down to `smallest`. */
export class Groups {
	/** Members in this group and all larger ones. */
	readonly #upTo: Float64Array;

	/** @param members the total of all groups */
	constructor(members: number, largest: number, smallest: number) {
		const upTo: number[] = [];
		for (let sum = 0; sum < members; ) {
			const size = Math.max(smallest, Math.floor(largest / (upTo.length + 1)));
			sum = Math.min(members, sum + size);
			upTo.push(sum);
		}
		this.#upTo = Float64Array.from(upTo);
	}

	get count(): number {
		return this.#upTo.length;
	}

	/** Members of a group. */
	size(group: number): number {
		return (this.#upTo[group] ?? 0) - (this.#upTo[group - 1] ?? 0);
	}

	/** The group of a random member. */
	pick(random: () => number): number {
		const member = random() * (this.#upTo.at(-1) ?? 0);
		let low = 0;
		let high = this.#upTo.length - 1;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#upTo[middle] ?? 0) > member) high = middle;
			else low = middle + 1;
		}
		return low;
	}
}
