import type { Counted } from "./measure/counts.ts";

/** Cloudflare's list prices beyond the included amounts (anchors, section 5). */
const PRICES = {
	workerRequest: 0.3 / 1e6,
	workerCpuMs: 0.02 / 1e6,
	objectRequest: 0.15 / 1e6,
	objectGbSecond: 12.5 / 1e6,
	/** Rows of an object's storage, and of D1. */
	rowWritten: 1 / 1e6,
};

/** Assumptions from the anchors for values that no local run can measure. */
export const ASSUMED = {
	/** The Worker's CPU time per chat. */
	cpuMs: 5,
	/** Billed duration of one ledger call. In production its response waits until the write is replicated. */
	objectMsPerCall: 15,
	/** Time that an outbox run waits for the provider. */
	reportMs: 500,
	objectGb: 0.128,
};

export interface Cost {
	of: string;
	/** Dollars per million chats, by charged item. */
	lines: Record<string, number>;
	sum: number;
}

/** The marginal cost of a million chats: for metering alone, and for all objects of a chat. */
export function costOf(of: string, counted: Counted): Cost[] {
	const isMetering = (name: string) => name.includes("edger") || name === "D1";
	const whole = (name: string) => name !== "";
	return [line(`${of}: metering`, counted, isMetering), line(`${of}: all objects`, counted, whole)];
}

function line(of: string, counted: Counted, matches: (name: string) => boolean): Cost {
	const total = (record: Record<string, number>, fits = matches) =>
		Object.entries(record).reduce((sum, [name, amount]) => sum + (fits(name) ? amount : 0), 0);
	const calls = total(counted.objectCalls);
	const reports = total(counted.objectCalls, (name) => name === "UsageLedger.alarm");
	const million = 1e6;
	const lines = {
		"worker request": million * PRICES.workerRequest,
		"worker CPU": million * ASSUMED.cpuMs * PRICES.workerCpuMs,
		"object requests": million * calls * PRICES.objectRequest,
		"object time": million * (calls - reports) * (ASSUMED.objectMsPerCall / 1000) * ASSUMED.objectGb * PRICES.objectGbSecond,
		"outbox time": million * reports * (ASSUMED.reportMs / 1000) * ASSUMED.objectGb * PRICES.objectGbSecond,
		"rows written": million * total(counted.rows) * PRICES.rowWritten,
	};
	return { of, lines, sum: Object.values(lines).reduce((sum, dollars) => sum + dollars, 0) };
}
