import { type Report, subscriptionOf } from "../src/index.ts";

/** A billing provider that burns its own credits: the first event of an id counts, all others are repeats. */
export class Provider {
	readonly events = new Map<string, Report>();
	readonly #credits = new Map<string, number>();

	give(subscriptionId: string, units: number): void {
		this.#credits.set(subscriptionId, this.given(subscriptionId) + units);
	}

	given(subscriptionId: string): number {
		return this.#credits.get(subscriptionId) ?? 0;
	}

	receive(batch: readonly Report[]): void {
		for (const report of batch) if (!this.events.has(report.id)) this.events.set(report.id, report);
	}

	available(subscriptionId: string): number {
		let left = this.given(subscriptionId);
		for (const event of this.events.values()) if (event.subscriptionId === subscriptionId) left -= event.units;
		return left;
	}
}

export const isBilled = (pool: string) => subscriptionOf(pool) !== null;
