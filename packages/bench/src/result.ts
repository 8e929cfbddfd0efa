import type { Bound } from "./bounds.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Cost } from "./cost.ts";
import type { ChatResult, MeteringOverhead } from "./measure/chats.ts";
import type { CountResult } from "./measure/counts.ts";
import type { GrantResult } from "./measure/grants.ts";
import type { GuestResult } from "./measure/guests.ts";
import type { LedgerResult } from "./measure/ledger.ts";
import type { MemoryResult } from "./measure/memory.ts";
import type { Plan } from "./plan.ts";

/** All that one run says; written as JSON. */
export interface Result {
	date: string;
	seed: number;
	circumstances: Circumstances;
	harness: string;
	pinned: boolean;
	plan: Plan;
	/** What production has and this run has not. */
	absent: string[];
	includes: Record<"A" | "B" | "C", string>;
	bounds: Bound[];
	overhead: MeteringOverhead;
	chats: ChatResult[];
	counts: CountResult;
	grants: GrantResult;
	/** The same with the object's state on the disk and on a RAM disk: what differs is a flush of this disk at each commit, which stops the thread. */
	ledger: { onDisk: LedgerResult; inMemory: LedgerResult };
	guests: GuestResult;
	memory: MemoryResult;
	costPerMillionChats: Cost[];
	tookSeconds: number;
}

export const HARNESS =
	"Miniflare's API starts workerd, D1 and the objects on disk; requests go to the Worker's own socket (unsafeDirectSockets), past Miniflare's entry Worker and proxy. One workerd process for each side.";

export const ABSENT = [
	"the network between Worker and object: in production a hold costs one round trip to the object more (0 in the same place, up to tens of ms)",
	"the output gate's flush of production, which holds a hold's answer until its write is replicated (10 to 13 ms reported); here it is an fsync of a local disk",
	"the real latency and variance of the billing provider: its delay is a parameter",
	"the latency of a real model: it answers at once, so that what is left is ours",
	"TLS, and the network between client and edge",
	"the assets router in front of the Worker",
	"Cloudflare's own isolation and scheduling; here, two cores are shared with the client and the fakes",
	"one Worker of Miniflare's stands behind each outgoing fetch, on all sides: ours pays for it once a chat (the model), the reference six times",
];

export const INCLUDES: Result["includes"] = {
	A: "the product's build with lib/billing.ts replaced by one that admits everybody at once: same routing, session, Conversation object, AI SDK, stream and storing of the answer; no ledger, no provider",
	B: "the product's build as it is deployed, for a subscriber who is known already: hold before the model is called, settle before the last chunk, reports by alarm (3 s later, so partly while other blocks run)",
	C: "the product's build with lib/billing.ts replaced by the owner's document as written, with the real SDK: getBilling (2 calls) before the model, getBilling (2 calls) and createUsageEvent (1 call) awaited before the last chunk; no ledger",
};
