import { type Report, subscriptionOf } from "../src/index.ts";

/** A billing provider that spends its own credits. It counts an id's first event and ignores repeats. One refused event fails its batch. */
export class Provider {
	readonly events = new Map<string, Report>();
	/** Ids whose events are currently refused. */
	readonly disliked = new Set<string>();
	readonly #credits = new Map<string, number>();

	give(subscriptionId: string, units: number): void {
		this.#credits.set(subscriptionId, this.given(subscriptionId) + units);
	}

	given(subscriptionId: string): number {
		return this.#credits.get(subscriptionId) ?? 0;
	}

	/** @returns false when the batch is refused */
	receive(batch: readonly Report[]): boolean {
		if (batch.some(({ id }) => this.disliked.has(id))) return false;
		for (const report of batch) if (!this.events.has(report.id)) this.events.set(report.id, report);
		return true;
	}

	available(subscriptionId: string): number {
		let left = this.given(subscriptionId);
		for (const event of this.events.values()) if (event.subscriptionId === subscriptionId) left -= event.units;
		return left;
	}
}

export const isBilled = (pool: string) => subscriptionOf(pool) !== null;
