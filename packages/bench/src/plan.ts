/** How much of everything is done: bounded in count, and sized to stay below 8 minutes (`quick`: 1 minute). */
export interface Plan {
	name: "full" | "quick";
	rounds: number;
	warmUpChats: number;
	/** Of one block of A or B; C's blocks are shorter the longer its provider takes. */
	chatsPerBlock: number;
	delays: { delayMs: number; referenceChatsPerBlock: number }[];
	denied: number;
	newGuests: number;
	openStreams: number;
	ledger: { callers: number; runs: number; pairs: number; growthPairs: number };
	/** Chats of one subject in quick succession, whose rows and calls are counted; and how often one alone is counted. */
	burst: number;
	alone: number;
}

export const FULL: Plan = {
	name: "full",
	rounds: 10,
	warmUpChats: 100,
	chatsPerBlock: 50,
	delays: [
		{ delayMs: 0, referenceChatsPerBlock: 50 },
		{ delayMs: 50, referenceChatsPerBlock: 12 },
		{ delayMs: 150, referenceChatsPerBlock: 5 },
	],
	denied: 300,
	newGuests: 200,
	openStreams: 200,
	ledger: { callers: 16, runs: 5, pairs: 1_000, growthPairs: 5_000 },
	burst: 20,
	alone: 3,
};

export const QUICK: Plan = {
	name: "quick",
	rounds: 2,
	warmUpChats: 20,
	chatsPerBlock: 15,
	delays: [
		{ delayMs: 0, referenceChatsPerBlock: 15 },
		{ delayMs: 50, referenceChatsPerBlock: 3 },
		{ delayMs: 150, referenceChatsPerBlock: 2 },
	],
	denied: 50,
	newGuests: 30,
	openStreams: 200,
	ledger: { callers: 16, runs: 1, pairs: 500, growthPairs: 0 },
	burst: 10,
	alone: 1,
};
