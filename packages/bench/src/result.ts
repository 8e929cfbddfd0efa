import type { Bound } from "./bounds.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Cost } from "./cost.ts";
import type { ChatResult, MeteringOverhead } from "./measure/chats.ts";
import type { CountResult } from "./measure/counts.ts";
import type { GrantResult } from "./measure/grants.ts";
import type { GrowthResult } from "./measure/growth.ts";
import type { GuestResult } from "./measure/guests.ts";
import type { LedgerResult } from "./measure/ledger.ts";
import type { MemoryResult } from "./measure/memory.ts";
import type { Plan } from "./plan.ts";

/** Everything that one run measured, stored as JSON in packages/bench/results. */
export interface Result {
	/** Start of the run, ISO 8601. */
	date: string;
	seed: number;
	circumstances: Circumstances;
	harness: string;
	pinned: boolean;
	plan: Plan;
	/** Production components that this run lacks. */
	absent: string[];
	/** Description of each side. */
	includes: Record<string, string>;
	bounds: Bound[];
	overhead: MeteringOverhead;
	chats: ChatResult[];
	/** `rowBurst` is absent like side D. */
	counts: Omit<CountResult, "rowBurst"> & { rowBurst?: CountResult["rowBurst"] };
	grants: GrantResult;
	/** One ledger with its state on the local disk or a RAM disk. The difference is the flush of each commit, which blocks the thread. */
	ledger: { onDisk: LedgerResult; inMemory: LedgerResult | null };
	guests: GuestResult;
	memory: MemoryResult;
	/** Null in results from before 2026-11-29. */
	growthByHistory: GrowthResult | null;
	costPerMillionChats: Cost[];
	tookSeconds: number;
}

const KEYS = [
	"date",
	"seed",
	"circumstances",
	"harness",
	"pinned",
	"plan",
	"absent",
	"includes",
	"bounds",
	"overhead",
	"chats",
	"counts",
	"grants",
	"ledger",
	"guests",
	"memory",
	"costPerMillionChats",
	"tookSeconds",
] as const satisfies Exclude<keyof Result, "growthByHistory">[];

/**
 * Reads a result file. `inMemory` is null in files from before 2026-11-21 18:00, which measured the ledger on disk only.
 * @throws when the result lacks a part
 */
export function parseResult(json: string): Result {
	const value: unknown = JSON.parse(json);
	if (typeof value !== "object" || value === null) throw new Error("not a bench result: no object");
	const missing = KEYS.filter((key) => !(key in value));
	if (missing.length > 0) throw new Error(`not a bench result: ${missing.join(", ")} missing`);
	const result = value as Omit<Result, "ledger" | "growthByHistory"> & {
		ledger: Result["ledger"] | LedgerResult;
		growthByHistory?: Result["growthByHistory"];
	};
	const { ledger, growthByHistory = null } = result;
	return { ...result, growthByHistory, ledger: "onDisk" in ledger ? ledger : { onDisk: ledger, inMemory: null } };
}

export const HARNESS =
	"Miniflare's API starts one workerd process for each side, with D1 and the objects on disk. Requests go to the Worker's own socket (unsafeDirectSockets) and skip Miniflare's entry Worker and proxy.";

export const ABSENT = [
	"the network between Worker and object: in production a hold costs one more round trip to the object (0 in the same location, up to tens of ms)",
	"the output gate of production, which delays a hold's answer until its write is replicated (10 to 13 ms reported); here it is an fsync of a local disk",
	"the real latency and variance of the billing provider: its delay is a parameter",
	"the latency of a real model: the fake answers at once, so that the remaining time is ours",
	"TLS, and the network between client and edge",
	"the assets router in front of the Worker",
	"Cloudflare's own isolation and scheduling; here, the client and the fakes share two cores with the servers",
	"on all sides, Miniflare puts a Worker behind each outgoing fetch: ours pays for it once per chat (the model), the reference six times",
	"the network between Worker and D1, whose primary is in one region: D pays for it before the first byte of every chat, all sides once for the session",
];

export const INCLUDES: Result["includes"] = {
	A: "the product's build with lib/billing.ts replaced by one that admits everybody at once: the same routing, session, Conversation object, AI SDK, stream and stored answer; no ledger, no provider",
	B: "the product's build as it is deployed, for a known subscriber: hold before the model is called, settle before the last chunk, reports by alarm (3 s later, so partly during other blocks)",
	C: "the product's build with lib/billing.ts replaced by the owner's document as written, with the real SDK: getBilling (2 calls) before the model; getBilling (2 calls) and createUsageEvent (1 call) awaited before the last chunk; no ledger",
	D: "the product's build with lib/billing.ts replaced by what a good engineer writes in an hour: one D1 row for each subject, `UPDATE … WHERE used < limit RETURNING` awaited before the model, the unit given back when an answer fails. Exact under any concurrency. It lacks holds (a crash between the two statements charges for an answer that nobody got), idempotency (a retry is charged twice, a lost refund stays), periods (somebody has to reset the rows), and reports (the provider learns of no usage)",
};
