/**
 * Why a hold is released. Releases that the table marks `bounded` are forgiven at most min(limit, 20) times a window and then count:
 * a started model costs money, so unbounded forgiveness would be a way to chat for free.
 */
export type Release = "failed-midway" | "stopped-early" | "failed-early" | "never-started" | "refused";

/** How an answer ended. `interrupted`: the platform restarted during the answer. */
export type AnswerEnd = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** What a chat reports about an expired hold. */
export type ChatStatus = "never-started" | "running" | "unreachable";

/** What happens to a hold, or why there is none. */
export type Fate =
	| { kind: "settle" }
	| { kind: "release"; why: Release; bounded: boolean }
	/** Counted because nothing is known of the answer; a late result corrects it. */
	| { kind: "expire" }
	| { kind: "extend" }
	/** Nothing is held; a hold already taken by another ledger is released. */
	| { kind: "refuse"; why: Release }
	/** Shares the first request's hold. */
	| { kind: "repeat" }
	| { kind: "conflict" }
	/** Takes a hold of its own. */
	| { kind: "hold" }
	/** Nothing changes. */
	| { kind: "keep" };

/** Which answers a rule covers. `output`: whether any output of the model had arrived. */
interface Ending {
	ends: readonly AnswerEnd[];
	output: boolean;
}

/** The note under an answer, by whether it was counted; null for no note. */
interface Notes {
	counted: string | null;
	notCounted: string | null;
}

interface Rule {
	/** The table's text, in Markdown. */
	happens: string;
	counted: string;
	fate: Fate;
	/** For rules about the end of an answer. */
	of?: Ending;
	/** For rules about an expired hold. */
	chatStatus?: ChatStatus;
	notes: Notes;
}

const NO_NOTE: Notes = { counted: null, notCounted: null };

function always(sentence: string): Notes {
	return { counted: sentence, notCounted: sentence };
}

function failed(verb: string): Notes {
	return { counted: `That answer ${verb}.`, notCounted: `That answer ${verb}, so it was not counted.` };
}

/**
 * The published rules of what counts. The ledger, the Conversation, the published page and the app's notes all read this table, so they
 * cannot disagree. The first rule that matches applies.
 */
export const WHO_PAYS = {
	refused: {
		happens: "A limit refuses the request; its input is invalid, its model unknown, or permission is missing",
		counted: "No. That is decided before anything is held, and nothing is stored.",
		fate: { kind: "refuse", why: "refused" },
		notes: always("Nothing was counted."),
	},
	"stopped-early": {
		happens: "You stop the answer before its first word",
		counted: "No (see the bound below).",
		fate: { kind: "release", why: "stopped-early", bounded: true },
		of: { ends: ["stopped"], output: false },
		notes: { counted: "You stopped this answer. It was counted.", notCounted: "You stopped this answer. It was not counted." },
	},
	"failed-early": {
		happens: "The model fails, or ends, before its first word",
		counted: "No.",
		fate: { kind: "release", why: "failed-early", bounded: false },
		of: { ends: ["failed", "interrupted", "complete", "length", "filtered"], output: false },
		notes: failed("failed"),
	},
	"failed-midway": {
		happens: "The model fails or falls silent in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["failed"], output: true },
		notes: failed("failed"),
	},
	"interrupted-midway": {
		happens: "The platform restarts in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["interrupted"], output: true },
		notes: failed("was interrupted"),
	},
	complete: {
		happens: "The answer is complete",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["complete"], output: true },
		notes: NO_NOTE,
	},
	"stopped-late": {
		happens: "You stop the answer after its first word",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["stopped"], output: true },
		notes: { counted: "You stopped this answer. It was counted.", notCounted: "You stopped this answer. It was not counted." },
	},
	length: {
		happens: "The answer reaches its greatest length",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["length"], output: true },
		notes: always("This answer reached its greatest length. Ask for the rest to go on."),
	},
	filtered: {
		happens: "A content filter of the model ends the answer",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["filtered"], output: true },
		notes: always("A content filter of the model ended this answer."),
	},
	left: {
		happens: "You close the tab, or your network drops",
		counted: "Yes, and the whole answer is there when you come back.",
		fate: { kind: "keep" },
		notes: NO_NOTE,
	},
	repeat: {
		happens: "The same request arrives again, from any tab, however often",
		counted: "Once. Later ones join the running answer, or get the finished one.",
		fate: { kind: "repeat" },
		notes: NO_NOTE,
	},
	conflict: {
		happens: "The id of an earlier request arrives with other content, or its answer was deleted",
		counted: "No. It is refused (409; 410 when the answer was deleted).",
		fate: { kind: "conflict" },
		notes: always("Nothing was counted."),
	},
	again: {
		happens: "A request that was not counted is sent again",
		counted: "As a new attempt, by the rules above.",
		fate: { kind: "hold" },
		notes: NO_NOTE,
	},
	anew: {
		happens: "You ask for another answer, or edit a message and send it",
		counted: "Yes, as a new request. The app says so before.",
		fate: { kind: "hold" },
		notes: always("This counts as a new request."),
	},
	"never-started": {
		happens: "Ten minutes pass without word of an answer, and its chat never started it",
		counted: "No.",
		fate: { kind: "release", why: "never-started", bounded: false },
		chatStatus: "never-started",
		notes: NO_NOTE,
	},
	running: {
		happens: "Ten minutes pass, and the answer is still being written",
		counted: "Not yet: when it ends.",
		fate: { kind: "extend" },
		chatStatus: "running",
		notes: NO_NOTE,
	},
	unreachable: {
		happens: "Ten minutes pass, and the chat cannot be reached",
		counted: "Yes, but your billing account hears of it an hour later at the earliest, and it is corrected if the chat speaks after all.",
		fate: { kind: "expire" },
		chatStatus: "unreachable",
		notes: NO_NOTE,
	},
	deleted: {
		happens: "You delete a chat or your account",
		counted: "What was counted stays counted.",
		fate: { kind: "keep" },
		notes: always("What was counted stays counted."),
	},
} as const satisfies Record<string, Rule>;

/** Upper bound of `bounded` releases in a window; a lower tier limit bounds them too. */
export const FORGIVEN_MAX = 20;

/** The table's text about the bound, in Markdown. */
export const BOUND_OF_FORGIVENESS =
	"Answers that cost something before they failed in the middle, and answers stopped before their first word, are together " +
	`forgiven at most as often as the tier's limit, and at most ${FORGIVEN_MAX} times, in a window. Then they count.`;

const RULES: readonly Rule[] = Object.values(WHO_PAYS);

/** Looks up the rule for an ended answer. `release` is the reason of the release, null when the answer counts. */
export function whoPays(end: AnswerEnd, output: boolean): { release: Release | null; notes: Notes } {
	const rule = RULES.find(({ of }) => of?.output === output && of.ends.includes(end));
	if (!rule) throw new Error(`invariant: no rule covers the end "${end}"`);
	return { release: rule.fate.kind === "release" ? rule.fate.why : null, notes: rule.notes };
}

/**
 * The note under an ended answer.
 * @param counted the ledger's decision: beyond the bound it counts answers that the rule alone would release
 * @returns null when the answer needs no note
 */
export function sentenceOf(end: AnswerEnd, output: boolean, counted: boolean): string | null {
	const { notes } = whoPays(end, output);
	return counted ? notes.counted : notes.notCounted;
}

/** Looks up what happens to an expired hold. */
export function fateOfExpired(chatStatus: ChatStatus): Fate {
	const rule = RULES.find((one) => one.chatStatus === chatStatus);
	if (!rule) throw new Error(`invariant: no rule covers the chat status "${chatStatus}"`);
	return rule.fate;
}

/** Whether releases for this reason are bounded. */
export function isBounded(why: Release): boolean {
	return RULES.some(({ fate }) => fate.kind === "release" && fate.why === why && fate.bounded);
}

/**
 * Renders docs/who-pays.md.
 * @returns Markdown, ending in a newline
 */
export function renderWhoPays(): string {
	const rows = RULES.map(({ happens, counted }) => `| ${happens} | ${counted} |`);
	return `${[
		"# Who pays",
		"",
		"<!-- Written from packages/metering/src/who-pays.ts, which also decides: change it there. -->",
		"",
		"| What happens | Counted |",
		"|---|---|",
		...rows,
		"",
		`**The bound.** ${BOUND_OF_FORGIVENESS}`,
	].join("\n")}\n`;
}
