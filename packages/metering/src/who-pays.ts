/**
 * Why a hold is released. Releases that the table marks `bounded` are forgiven at most min(limit, 20) times per window and count after that: a
 * started model costs money, so unbounded forgiveness would be a way to chat for free.
 */
export type Release = "failed-midway" | "wordless" | "stopped-early" | "failed-early" | "never-started" | "refused";

/** How an answer ended. `interrupted`: the platform restarted during the answer. */
export type AnswerEnd = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/**
 * What the model had sent when an answer ended. `tokens`: it ran, but sent no visible word, only reasoning, white space or nothing. `none`: it did
 * not run, as far as is known.
 */
export type Output = "words" | "tokens" | "none";

/** Why an answer failed, as far as is known. `interrupted`: the connection to the model was lost. */
export type Failure = "busy" | "too-long" | "unavailable" | "failed" | "interrupted";

/** The chat's status for an expired hold. */
export type ChatStatus = "never-started" | "running" | "unreachable";

/** What happens to a hold, or why there is none. */
export type Fate =
	| { kind: "settle" }
	| { kind: "release"; why: Release; bounded: boolean }
	/** Counted because the result is unknown. A late result corrects it. */
	| { kind: "expire" }
	| { kind: "extend" }
	/** Nothing is held. A hold already taken by another ledger is released. */
	| { kind: "refuse"; why: Release }
	/** Shares the first request's hold. */
	| { kind: "repeat" }
	| { kind: "conflict" }
	/** Takes a new hold. */
	| { kind: "hold" }
	/** Adds units to its request's hold, and ends with it. */
	| { kind: "raise" }
	/** Removes its units from its request's hold. */
	| { kind: "lower" }
	/** Nothing changes. */
	| { kind: "keep" };

/** The answers that a rule covers. Without `failures`, all failures. */
interface Ending {
	ends: readonly AnswerEnd[];
	output: readonly Output[];
	failures?: readonly Failure[];
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
}

const WORDLESS: readonly Output[] = ["tokens", "none"];

/** The maximum number of separately priced steps in one answer. */
export const RAISES_MAX = 8;

/**
 * The published rules of what counts. The ledger, the Conversation and the published page all read this table, so they cannot disagree.
 * The first matching rule applies.
 */
export const WHO_PAYS = {
	refused: {
		happens: "A limit refuses the request; its input is invalid, its model unknown, or permission is missing",
		counted: "No. That is decided first, and nothing is stored.",
		fate: { kind: "refuse", why: "refused" },
	},
	"price-rose": {
		happens: "The price rises between the page and the server",
		counted: "No. The page asks you again.",
		fate: { kind: "refuse", why: "refused" },
	},
	"stopped-early": {
		happens: "You stop the answer before its first word",
		counted: "No (see the bound below).",
		fate: { kind: "release", why: "stopped-early", bounded: true },
		of: { ends: ["stopped"], output: WORDLESS },
	},
	busy: {
		happens: "The model is busy everywhere, and says so before its first word",
		counted: "No, and it is not part of the bound below.",
		fate: { kind: "release", why: "failed-early", bounded: false },
		of: { ends: ["failed"], output: ["none"], failures: ["busy"] },
	},
	"too-long": {
		happens: "The model refuses the chat because it is too long",
		counted: "No.",
		fate: { kind: "release", why: "failed-early", bounded: false },
		of: { ends: ["failed"], output: ["none"], failures: ["too-long"] },
	},
	unavailable: {
		happens: "The model refuses this site: its key or its address is wrong, or its bill is not paid",
		counted: "No.",
		fate: { kind: "release", why: "failed-early", bounded: false },
		of: { ends: ["failed"], output: ["none"], failures: ["unavailable"] },
	},
	"failed-early": {
		happens: "The model fails or cannot be reached before its first word",
		counted: "No, and it is not part of the bound below.",
		fate: { kind: "release", why: "failed-early", bounded: false },
		of: { ends: ["failed", "interrupted", "complete", "length"], output: ["none"] },
	},
	"filtered-early": {
		happens: "A content filter of the model ends the answer before its first word",
		counted: "No (see the bound below).",
		fate: { kind: "release", why: "wordless", bounded: true },
		of: { ends: ["filtered"], output: WORDLESS },
	},
	wordless: {
		happens: "The answer is only reasoning, white space, or empty",
		counted: "No (see the bound below). It ended before an answer, and trying again is free.",
		fate: { kind: "release", why: "wordless", bounded: true },
		of: { ends: ["failed", "interrupted", "complete", "length"], output: ["tokens"] },
	},
	"lost-midway": {
		happens: "The connection to the model is lost in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["failed"], output: ["words"], failures: ["interrupted"] },
	},
	"failed-midway": {
		happens: "The model fails, says that it failed, or falls silent in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["failed"], output: ["words"] },
	},
	"interrupted-midway": {
		happens: "The platform restarts in the middle of an answer",
		counted: "No (see the bound below). The part that came stays, marked, and trying again is free.",
		fate: { kind: "release", why: "failed-midway", bounded: true },
		of: { ends: ["interrupted"], output: ["words"] },
	},
	complete: {
		happens: "The answer is complete, also where the model does not say why it ended or deviates from the format",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["complete"], output: ["words"] },
	},
	"stopped-late": {
		happens: "You stop the answer after its first word",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["stopped"], output: ["words"] },
	},
	length: {
		happens: "The answer reaches the model's output limit",
		counted: "Yes. “Continue” is a new request.",
		fate: { kind: "settle" },
		of: { ends: ["length"], output: ["words"] },
	},
	filtered: {
		happens: "A content filter of the model ends the answer",
		counted: "Yes.",
		fate: { kind: "settle" },
		of: { ends: ["filtered"], output: ["words"] },
	},
	left: {
		happens: "You close the tab, or your network drops",
		counted: "Yes, and the whole answer is there when you come back.",
		fate: { kind: "keep" },
	},
	repeat: {
		happens: "The same request arrives again, from any tab, however often",
		counted: "Once. Later ones join the running answer, or get the finished one.",
		fate: { kind: "repeat" },
	},
	"program-left": {
		happens: "A program leaves its answer at the API, without an Idempotency-Key",
		counted: "As if you stop it: no before its first word (see the bound below), yes after it.",
		fate: { kind: "keep" },
	},
	"program-named": {
		happens: "A program leaves, or sends its request again, with an Idempotency-Key",
		counted: "Once. It joins the running answer, or gets the finished one for two minutes. After that it is refused.",
		fate: { kind: "repeat" },
	},
	conflict: {
		happens: "The id of an earlier request arrives with other content, or its answer was deleted",
		counted: "No. It is refused.",
		fate: { kind: "conflict" },
	},
	again: {
		happens: "A request that was not counted is sent again",
		counted: "As a new attempt, by the rules above.",
		fate: { kind: "hold" },
	},
	anew: {
		happens: "You ask for another answer, or edit a message and send it",
		counted: "Yes, as a new request. The app says so before.",
		fate: { kind: "hold" },
	},
	step: {
		happens: "The model takes a step that has a price of its own, such as a web search",
		counted:
			`Its price is added to the request before the step, at most ${RAISES_MAX} times an answer and never beyond the price that you agreed to. ` +
			"It counts when the answer counts.",
		fate: { kind: "raise" },
	},
	"step-refused": {
		happens: "A limit, or the price that you agreed to, has no room for such a step",
		counted: "No. The step is not taken, and the model answers with what it has.",
		fate: { kind: "refuse", why: "refused" },
	},
	"step-failed": {
		happens: "Such a step fails: the web search does not answer",
		counted: "The step is not, the answer is.",
		fate: { kind: "lower" },
	},
	"never-started": {
		happens: "Ten minutes pass without word of an answer, and its chat never started it",
		counted: "No.",
		fate: { kind: "release", why: "never-started", bounded: false },
		chatStatus: "never-started",
	},
	running: {
		happens: "Ten minutes pass, and the answer is still being written",
		counted: "Not yet: when it ends.",
		fate: { kind: "extend" },
		chatStatus: "running",
	},
	unreachable: {
		happens: "Ten minutes pass, and the chat cannot be reached",
		counted: "Yes, but your billing account hears of it an hour later at the earliest, and it is corrected if the chat speaks after all.",
		fate: { kind: "expire" },
		chatStatus: "unreachable",
	},
	deleted: {
		happens: "You delete a chat or your account",
		counted: "What was counted stays counted.",
		fate: { kind: "keep" },
	},
} as const satisfies Record<string, Rule>;

/** A short summary of what counts, for choosing a plan. Each row names the rules it summarizes, and a test checks it against them. */
export const IN_SHORT = {
	complete: {
		happens: "A complete answer",
		counted: "1 request, or the price on the send button.",
		counts: true,
		rules: ["complete", "length", "filtered"],
	},
	failed: {
		happens: "An answer that fails or never starts",
		counted: "Free, unless it happens very often. You keep the part that came, and can try again.",
		counts: false,
		rules: ["failed-early", "failed-midway", "interrupted-midway", "lost-midway", "busy", "unavailable", "too-long", "never-started"],
	},
	stopped: {
		happens: "You stop an answer before its first word",
		counted: "Free. After its first word, it counts.",
		counts: false,
		rules: ["stopped-early", "wordless"],
	},
	left: {
		happens: "You close the tab or lose connection",
		counted: "Counts once. The whole answer is there when you come back.",
		counts: true,
		rules: ["left"],
	},
	anew: {
		happens: "You regenerate an answer or edit a message",
		counted: "Uses another request. We say so before.",
		counts: true,
		rules: ["anew"],
	},
} as const satisfies Record<string, { happens: string; counted: string; counts: boolean; rules: readonly RuleName[] }>;

/** The maximum number of `bounded` releases per window. A lower tier limit lowers it. */
export const FORGIVEN_MAX = 20;

/** The table's text about the bound, in Markdown. */
export const BOUND_OF_FORGIVENESS =
	"Answers that cost something before they failed in the middle, and answers that ended or were stopped before their first word, are together " +
	`forgiven at most as often as you have requests, and at most ${FORGIVEN_MAX} times, in a day or a billing period. Then they count.`;

const RULES: readonly Rule[] = Object.values(WHO_PAYS);

/** The name of a row of the table. */
export type RuleName = keyof typeof WHO_PAYS;

/** How an answer ended, in the fields that the table uses. */
export interface Ended {
	end: AnswerEnd;
	output: Output;
	failure?: Failure | undefined;
}

function ruleOf({ end, output, failure }: Ended): Rule {
	const covers = ({ ends, output: outputs, failures }: Ending) =>
		ends.includes(end) && outputs.includes(output) && (failures === undefined || (failure !== undefined && failures.includes(failure)));
	const rule = RULES.find(({ of }) => of && covers(of));
	if (!rule) throw new Error(`invariant: no rule covers the end "${end}"`);
	return rule;
}

/** The name of the rule that covers an ended answer. */
export function ruleNameOf(ended: Ended): RuleName {
	const rule = ruleOf(ended);
	const names = Object.keys(WHO_PAYS) as RuleName[];
	const name = names.find((one) => WHO_PAYS[one] === rule);
	if (!name) throw new Error("invariant: a rule has a name");
	return name;
}

/** Why an ended answer's hold is released. Null if the answer counts. */
export function whoPays(ended: Ended): Release | null {
	const { fate } = ruleOf(ended);
	return fate.kind === "release" ? fate.why : null;
}

/** What happens to an expired hold. */
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
