import type { Plan } from "../plan.ts";
import type { RunningWorker } from "../runtime.ts";
import { type Summary, summarize } from "../statistics.ts";
import { connections, Visitor } from "../visitor.ts";

export interface GuestResult {
	/** The complete refusal of a guest at its limit. */
	deniedMs: Summary;
	/** Time to the first byte of a new guest's first request, without cookies, in a new chat. */
	neverSeenFirstByteMs: {
		/** Metering off: creates a conversation and a chat list. */
		bare: Summary;
		/** Ours: also creates a ledger. */
		ours: Summary;
		/** Ours, for the first guest of a network: creates two ledgers. */
		oursWithNetwork: Summary;
	};
}

export async function measureGuests(bare: RunningWorker, ours: RunningWorker, plan: Plan): Promise<GuestResult> {
	return { deniedMs: summarize(await denied(ours, plan.denied)), neverSeenFirstByteMs: await neverSeen(bare, ours, plan.newGuests) };
}

async function denied(worker: RunningWorker, requests: number): Promise<number[]> {
	const guest = new Visitor(worker.url);
	const chatId = crypto.randomUUID();
	while ((await guest.send(chatId, "Hello")).status === 200);
	const durations: number[] = [];
	for (let request = 0; request < requests; request += 1) {
		const { status, fullMs } = await guest.send(chatId, "Hello");
		if (status !== 429) throw new Error(`a refusal was expected: ${status}`);
		durations.push(fullMs);
	}
	return durations;
}

async function neverSeen(bare: RunningWorker, ours: RunningWorker, guests: number): Promise<GuestResult["neverSeenFirstByteMs"]> {
	const agent = connections();
	const sides = { bare: [] as number[], ours: [] as number[], oursWithNetwork: [] as number[] };
	const first = async (visitor: Visitor) => (await visitor.chat(crypto.randomUUID(), "Hello")).firstByteMs;
	for (let guest = 0; guest < guests; guest += 1) {
		const ip = `198.${18 + (guest >> 16)}.${(guest >> 8) & 255}.${guest & 255}`;
		const turns = [
			async () => sides.bare.push(await first(new Visitor(bare.url, { agent }))),
			async () => sides.ours.push(await first(new Visitor(ours.url, { agent }))),
			async () => sides.oursWithNetwork.push(await first(new Visitor(ours.url, { agent, ip }))),
		];
		for (const turn of guest % 2 === 0 ? turns : turns.toReversed()) await turn();
	}
	agent.destroy();
	return { bare: summarize(sides.bare), ours: summarize(sides.ours), oursWithNetwork: summarize(sides.oursWithNetwork) };
}
