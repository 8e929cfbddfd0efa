import type { Upstream } from "@parley/plans/models";

/** When each resting upstream may be called again, epoch milliseconds. Per isolate: others find out on their own. */
const restsUntilMs = new Map<string, number>();

const nameOf = (upstream: Upstream) => `${upstream.kind === "workers-ai" ? upstream.binding : upstream.baseUrl} ${upstream.model}`;

/** Remembers that an upstream should not be called again for `seconds`. */
export function rest(upstream: Upstream, seconds: number, nowMs: number): void {
	restsUntilMs.set(nameOf(upstream), nowMs + seconds * 1000);
}

/** Whole seconds until an upstream may be called again; 0 if it may be called now. */
export function restsFor(upstream: Upstream, nowMs: number): number {
	const untilMs = restsUntilMs.get(nameOf(upstream)) ?? 0;
	if (untilMs > nowMs) return Math.ceil((untilMs - nowMs) / 1000);
	restsUntilMs.delete(nameOf(upstream));
	return 0;
}
