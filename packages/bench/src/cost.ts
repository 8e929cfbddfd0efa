import type { Counted } from "./measure/counts.ts";

/** Cloudflare's list prices beyond what the plan includes (reference: anchors, section 5). */
const PRICES = {
	workerRequest: 0.3 / 1e6,
	workerCpuMs: 0.02 / 1e6,
	objectRequest: 0.15 / 1e6,
	objectGbSecond: 12.5 / 1e6,
	rowWritten: 1 / 1e6,
};

/** What no local run can measure, as the anchors assume it. */
export const ASSUMED = {
	/** CPU of the Worker for one chat. */
	cpuMs: 5,
	/** How long an object is billed for one call of its ledger: in production its answer waits for the write to be replicated. */
	objectMsPerCall: 15,
	/** An outbox run waits for the provider for so long. */
	reportMs: 500,
	objectGb: 0.128,
};

export interface Cost {
	of: string;
	/** Dollars per million chats, by what is charged. */
	lines: Record<string, number>;
	sum: number;
}

/** The marginal cost of a million chats: of metering alone, and then of all objects that a chat has. */
export function costOf(of: string, counted: Counted): Cost[] {
	const isLedger = (name: string) => name.includes("edger");
	const whole = (name: string) => name !== "";
	return [line(`${of}: metering`, counted, isLedger), line(`${of}: all objects`, counted, whole)];
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
