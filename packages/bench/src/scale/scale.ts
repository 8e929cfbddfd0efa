import { loadavg } from "node:os";
import { DEFAULT_LIMITS } from "../../../metering/src/index.ts";
import type { WorkerModules } from "../build.ts";
import type { CheckedIn } from "../checked-in.ts";
import { type Circumstances, circumstances } from "../circumstances.ts";
import type { Cost } from "../cost.ts";
import type { Session } from "../session.ts";
import { Visitor } from "../visitor.ts";
import { type AlarmResult, simulateAlarms } from "./alarms.ts";
import { type OrganizationResult, simulateOrganization } from "./organization.ts";
import { type PeakResult, type Service, simulatePeak } from "./peak.ts";
import { ASSUMED_USE } from "./population.ts";

/** Everything that docs/scale.md shows, stored in packages/bench/scale.json. */
export interface ScaleResult {
	date: string;
	seed: number;
	circumstances: Circumstances;
	/** The benchmark result file that provides the ledger's rate, the queries and the costs. */
	from: string;
	measured: Measured;
	service: Service;
	assumed: typeof ASSUMED_USE;
	peaks: PeakResult[];
	organizations: OrganizationResult[];
	alarms: AlarmResult;
	costPerMillionChats: Cost[];
	tookSeconds: number;
}

interface Measured {
	/** Hold + settle pairs per second of one ledger, with its state on disk and on a RAM disk. */
	pairsPerSecond: { onDisk: number; inMemory: number };
	d1QueriesPerChat: number;
	/** Growth of the database per account with one session, indices included. */
	d1BytesPerAccount: number;
	/** Growth of a ledger's database per request. Null in a result without the growth table. */
	ledgerBytesPerRequest: number | null;
}

/** Cloudflare's documented limits, with the pages that state them. */
export const DOCUMENTED = {
	objectCallsPerSecond: 1_000,
	/** The documentation's example: 1 ms queries in a database, which serves them one after another. */
	d1QueriesPerSecond: 1_000,
	d1Bytes: 10e9,
	objectBytes: 10e9,
};

/** Numbers of accounts, each with the simulated seconds of the busiest time. */
const PEAKS = [
	{ accounts: 1e5, seconds: 3_600 },
	{ accounts: 1e6, seconds: 3_600 },
	{ accounts: 1e8, seconds: 300 },
];
const SEATS = [100, 1_000, 10_000, 100_000, 1_000_000];
const ORGANIZATION_SECONDS = 120;
const ALARMS = { accounts: 1e6, days: 4 };
/** Created before measuring, because the first accounts fill the pages that an empty database already has. */
const ACCOUNTS = { before: 50, measured: 200 };
const TOGETHER = 4;

/** Makes the measurements that only this command needs, and simulates. @param newest the newest full result */
export async function scale(
	session: Session,
	product: WorkerModules,
	{ file, result }: CheckedIn,
	seed: number,
	log: (line: string) => void,
): Promise<ScaleResult> {
	const startedMs = Date.now();
	const ranIn = circumstances(loadavg()[0] ?? 0);
	log(`${ACCOUNTS.before + ACCOUNTS.measured} sign-ups`);
	const { ledger, counts, growthByHistory, costPerMillionChats } = result;
	const largest = growthByHistory?.ledgers.at(-1);
	const measured: Measured = {
		pairsPerSecond: { onDisk: ledger.onDisk.pairsPerSecond.median, inMemory: ledger.inMemory?.pairsPerSecond.median ?? Number.NaN },
		d1QueriesPerChat: counts.userBurst.d1Queries,
		d1BytesPerAccount: await bytesPerAccount(session, product),
		ledgerBytesPerRequest: largest ? (largest.diskMiB * 1024 ** 2) / largest.rows : null,
	};
	const service = serviceOf(measured);
	const peaks = PEAKS.map(({ accounts, seconds }) => {
		log(`the busiest time of ${accounts} accounts`);
		return simulatePeak(accounts, seconds, seed, service);
	});
	log("organizations");
	const { ledgerMs } = service;
	const inFlightLimit = DEFAULT_LIMITS.inFlight.organization;
	const organizations = SEATS.map((seats) => simulateOrganization({ seats, seconds: ORGANIZATION_SECONDS, seed, ledgerMs, inFlightLimit }));
	log("alarms");
	return {
		date: new Date(startedMs).toISOString(),
		seed,
		circumstances: ranIn,
		from: file,
		measured,
		service,
		assumed: ASSUMED_USE,
		peaks,
		organizations,
		alarms: simulateAlarms(ALARMS.accounts, ALARMS.days, seed, DEFAULT_LIMITS.network),
		costPerMillionChats,
		tookSeconds: (Date.now() - startedMs) / 1000,
	};
}

/** An object is as fast as measured, but at most as fast as documented. A pair is two calls. */
function serviceOf({ pairsPerSecond: { onDisk, inMemory }, d1QueriesPerChat }: Measured): Service {
	const objectMs = 1000 / DOCUMENTED.objectCallsPerSecond;
	const fastest = Math.max(onDisk, Number.isNaN(inMemory) ? 0 : inMemory);
	return {
		ledgerMs: Math.max(objectMs, 1000 / (2 * fastest)),
		objectMs,
		d1Ms: 1000 / DOCUMENTED.d1QueriesPerSecond,
		d1QueriesPerChat,
		networkLimit: DEFAULT_LIMITS.network,
	};
}

async function bytesPerAccount(session: Session, product: WorkerModules): Promise<number> {
	return session.fresh(product, {}, async (worker) => {
		await signUps(worker.url, ACCOUNTS.before);
		const before = await worker.databaseBytes();
		await signUps(worker.url, ACCOUNTS.measured);
		return ((await worker.databaseBytes()) - before) / ACCOUNTS.measured;
	});
}

async function signUps(url: string, accounts: number): Promise<void> {
	let left = accounts;
	const loop = async () => {
		while (left > 0) {
			left -= 1;
			await new Visitor(url).signUp();
		}
	};
	await Promise.all(Array.from({ length: TOGETHER }, loop));
}
