/** The amount of each measurement, sized to take less than 30 minutes (`quick`: 8, mostly waiting for outboxes). */
export interface Plan {
	name: "full" | "quick";
	/** Rounds per provider latency. */
	rounds: number;
	warmUpChats: number;
	/** Chats in one block of A or B. Blocks of C get shorter as the provider gets slower. */
	chatsPerBlock: number;
	delays: { delayMs: number; referenceChatsPerBlock: number }[];
	denied: number;
	newGuests: number;
	openStreams: number;
	/** Subscribers that receive credits three times each. */
	granted: number;
	ledger: { callers: number; runs: number; pairs: number; growthPairs: number };
	/** Counted chats: the size of one subject's burst, and the number of chats counted alone. */
	burst: number;
	alone: number;
	growth: GrowthPlan;
}

/** The sizes that `growthByHistory` compares. */
export interface GrowthPlan {
	/** Requests in a ledger, ascending. */
	histories: number[];
	/** Messages in a chat, ascending. */
	chats: number[];
	/** Rounds in which all sizes take turns, and hold + settle pairs of a ledger in each. */
	rounds: number;
	pairs: number;
	/** Stalled readers of one answer, compared with a single one. */
	readers: number;
}

export const FULL: Plan = {
	name: "full",
	rounds: 20,
	warmUpChats: 200,
	chatsPerBlock: 25,
	delays: [
		{ delayMs: 0, referenceChatsPerBlock: 25 },
		{ delayMs: 50, referenceChatsPerBlock: 6 },
		{ delayMs: 150, referenceChatsPerBlock: 3 },
	],
	denied: 300,
	newGuests: 200,
	openStreams: 200,
	granted: 5,
	ledger: { callers: 16, runs: 5, pairs: 1_000, growthPairs: 5_000 },
	burst: 20,
	alone: 3,
	growth: { histories: [100, 10_000, 100_000, 1_000_000], chats: [10, 100, 10_000], rounds: 25, pairs: 100, readers: 50 },
};

export const QUICK: Plan = {
	name: "quick",
	rounds: 2,
	warmUpChats: 20,
	chatsPerBlock: 10,
	delays: [
		{ delayMs: 0, referenceChatsPerBlock: 10 },
		{ delayMs: 50, referenceChatsPerBlock: 3 },
		{ delayMs: 150, referenceChatsPerBlock: 2 },
	],
	denied: 50,
	newGuests: 30,
	openStreams: 100,
	granted: 2,
	ledger: { callers: 16, runs: 1, pairs: 500, growthPairs: 0 },
	burst: 10,
	alone: 1,
	growth: { histories: [100, 10_000], chats: [10, 100, 1_000], rounds: 9, pairs: 50, readers: 50 },
};
