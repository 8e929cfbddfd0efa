import type { Upstream } from "@parley/plans/models";

/** Until when upstreams want to be left alone, epoch milliseconds. Of this isolate: another one finds out by itself. */
const restsUntilMs = new Map<string, number>();

const nameOf = (upstream: Upstream) => `${upstream.kind === "workers-ai" ? upstream.binding : upstream.baseUrl} ${upstream.model}`;

/** Remembers that an upstream wants to be asked again in `seconds`. */
export function rest(upstream: Upstream, seconds: number, nowMs: number): void {
	restsUntilMs.set(nameOf(upstream), nowMs + seconds * 1000);
}

/** Whole seconds that an upstream still wants to be left alone; 0 for one that may be asked. */
export function restsFor(upstream: Upstream, nowMs: number): number {
	const untilMs = restsUntilMs.get(nameOf(upstream)) ?? 0;
	if (untilMs > nowMs) return Math.ceil((untilMs - nowMs) / 1000);
	restsUntilMs.delete(nameOf(upstream));
	return 0;
}
