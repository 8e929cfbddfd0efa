/**
 * Why a hold is given back. Those that a row of the table calls `bounded` are forgiven at most min(limit, 20) times a window, then they
 * count: a model that was started has its price, and forgiveness without a bound is a way to chat for nothing.
 */
export type Release = "failed-midway" | "stopped-early" | "failed-early" | "never-started" | "refused";

/** How an answer ended. `interrupted`: the platform restarted while it was written. */
export type AnswerEnd = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** What a chat says of a hold that nobody ended in time. */
export type Heard = "never-started" | "running" | "unreachable";

/** What becomes of a hold, or why there is none to end. */
export type Fate =
	| { kind: "settle" }
	| { kind: "release"; why: Release; bounded: boolean }
	/** Counted for want of word, and corrected by a late one. */
	| { kind: "expire" }
	| { kind: "extend" }
	/** Nothing is held; a hold that another ledger took already is given back. */
	| { kind: "refuse"; why: Release }
	/** The first request's hold serves this one too. */
	| { kind: "repeat" }
	| { kind: "conflict" }
	/** A hold of its own. */
	| { kind: "hold" }
	/** Nothing changes. */
	| { kind: "keep" };

/** Which answers a row speaks of. `output`: whether a word of the model had arrived. */
interface Ending {
	ends: readonly AnswerEnd[];
	output: boolean;
}

/** What the user is told beneath an answer; null where there is nothing to say. */
interface Told {
	counted: string | null;
	notCounted: string | null;
}

interface Rule {
	/** In Markdown, as the page says it. */
	happens: string;
	counted: string;
	fate: Fate;
	of?: Ending;
	heard?: Heard;
	told: Told;
}

const SILENT: Told = { counted: null, notCounted: null };

function always(sentence: string): Told {
	return { counted: sentence, notCounted: sentence };
}

function failed(verb: string): Told {
	return { counted: `That answer ${verb}.`, notCounted: `That answer ${verb}, so it was not counted.` };
}

/**
 * Who pays: the one place that says so. What the ledger and the Conversation do, the published page and the sentences of the app are all
 * read from here, so that they cannot tell three stories. The first rule that fits is the one that holds.
 */
export const WHO_PAYS = {
	refused: {
		happens: "A limit refuses the request; its input is invalid, its model unknown, or permission is missing",
		counted: "No. That is decided before anything is held, and nothing is stored.",
		fate: { kind: "refuse", why: "refused" },
		told: always("Nothing was counted."),
	},
	"stopped-early": {
		happens: "You stop the answer before its first word",
		counted: "No (see the bound below).",
		fate: { kind: "release", why: "stopped-early", bounded: true },
		of: { ends: ["stopped"], output: false },
		told: { counted: "You stopped this answer. It was counted.", notCounted: "You stopped this answer. It was not counted." },
	},
	"failed-early": {
		happens: "The model fails, or ends, before its first word",
		counted: "No.",
		fate: { kind: "release", why: "failed-early", bounded: false },
		of: { ends: ["failed", "interrupted", "complete", "length", "filtered"], output: false },
		told: failed("failed"),
	},
	"failed-midway": {
		happens: "The model fails or falls silent in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["failed"], output: true },
		told: failed("failed"),
	},
	"interrupted-midway": {
		happens: "The platform restarts in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["interrupted"], output: true },
		told: failed("was interrupted"),
	},
	complete: {
		happens: "The answer is complete",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["complete"], output: true },
		told: SILENT,
	},
	"stopped-late": {
		happens: "You stop the answer after its first word",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["stopped"], output: true },
		told: { counted: "You stopped this answer. It was counted.", notCounted: "You stopped this answer. It was not counted." },
	},
	length: {
		happens: "The answer reaches its greatest length",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["length"], output: true },
		told: always("This answer reached its greatest length. Ask for the rest to go on."),
	},
	filtered: {
		happens: "A content filter of the model ends the answer",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["filtered"], output: true },
		told: always("A content filter of the model ended this answer."),
	},
	left: {
		happens: "You close the tab, or your network drops",
		counted: "Yes, and the whole answer is there when you come back.",
		fate: { kind: "keep" },
		told: SILENT,
	},
	repeat: {
		happens: "The same request arrives again, from any tab, however often",
		counted: "Once. Later ones join the running answer, or get the finished one.",
		fate: { kind: "repeat" },
		told: SILENT,
	},
	conflict: {
		happens: "The id of an earlier request arrives with other content, or its answer was deleted",
		counted: "No. It is refused (409; 410 when the answer was deleted).",
		fate: { kind: "conflict" },
		told: always("Nothing was counted."),
	},
	again: {
		happens: "A request that was not counted is sent again",
		counted: "As a new attempt, by the rules above.",
		fate: { kind: "hold" },
		told: SILENT,
	},
	anew: {
		happens: "You ask for another answer, or edit a message and send it",
		counted: "Yes, as a new request. The app says so before.",
		fate: { kind: "hold" },
		told: always("This counts as a new request."),
	},
	"never-started": {
		happens: "Ten minutes pass without word of an answer, and its chat never started it",
		counted: "No.",
		fate: { kind: "release", why: "never-started", bounded: false },
		heard: "never-started",
		told: SILENT,
	},
	running: {
		happens: "Ten minutes pass, and the answer is still being written",
		counted: "Not yet: when it ends.",
		fate: { kind: "extend" },
		heard: "running",
		told: SILENT,
	},
	unheard: {
		happens: "Ten minutes pass, and the chat cannot be reached",
		counted: "Yes, but your billing account hears of it an hour later at the earliest, and it is corrected if the chat speaks after all.",
		fate: { kind: "expire" },
		heard: "unreachable",
		told: SILENT,
	},
	deleted: {
		happens: "You delete a chat or your account",
		counted: "What was counted stays counted.",
		fate: { kind: "keep" },
		told: always("What was counted stays counted."),
	},
} as const satisfies Record<string, Rule>;

/** At most this many answers a window are forgiven after they cost something, and never more than the tier's limit. */
export const FORGIVEN_MAX = 20;

/** The bound that the table names, in Markdown. */
export const BOUND_OF_FORGIVENESS =
	"Answers that cost something before they failed in the middle, and answers stopped before their first word, are together " +
	`forgiven at most as often as the tier's limit, and at most ${FORGIVEN_MAX} times, in a window. Then they count.`;

const RULES: readonly Rule[] = Object.values(WHO_PAYS);

/** What an ended answer means for its hold: `release` is why it is given back, null when it is counted. */
export function whoPays(end: AnswerEnd, output: boolean): { release: Release | null; told: Told } {
	const rule = RULES.find(({ of }) => of?.output === output && of.ends.includes(end));
	if (!rule) throw new Error(`invariant: no rule says who pays for "${end}"`);
	return { release: rule.fate.kind === "release" ? rule.fate.why : null, told: rule.told };
}

/**
 * The sentence beneath an ended answer.
 * @param counted what the ledger said: past the bound of forgiveness it counts what the rule alone would give back
 * @returns null where the answer speaks for itself
 */
export function sentenceOf(end: AnswerEnd, output: boolean, counted: boolean): string | null {
	const { told } = whoPays(end, output);
	return counted ? told.counted : told.notCounted;
}

/** What becomes of an expired hold. */
export function fateOfSilence(heard: Heard): Fate {
	const rule = RULES.find((one) => one.heard === heard);
	if (!rule) throw new Error(`invariant: no rule says who pays when "${heard}" is heard`);
	return rule.fate;
}

/** Whether forgiving this has a bound. */
export function isBounded(why: Release): boolean {
	return RULES.some(({ fate }) => fate.kind === "release" && fate.why === why && fate.bounded);
}

/**
 * The published page.
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
