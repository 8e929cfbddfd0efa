import { DurableObject } from "cloudflare:workers";
import {
	type AnswerEnd,
	type ChatStatus,
	type Effort,
	type Failure,
	type Output,
	type Spent,
	type Terms,
	tokensOf,
	whoPays,
} from "@parley/metering";
import { checkUsageAllowed, recordUsage, releaseUsage, type UsageCheckResult, type UsageHold } from "../lib/billing.ts";
import { modelEntry, priceOfModel } from "../lib/chat/model.ts";
import { openAnswer, type UpstreamPart } from "../lib/chat/upstream/open-answer.ts";
import { OutputCap } from "../lib/chat/upstream/output-cap.ts";
import { hashOfSubject } from "../lib/chat/upstream/request-body.ts";
import { spentOf } from "../lib/chat/upstream/spent.ts";
import type { Usage } from "../lib/chat/upstream/usage.ts";
import type { User } from "../lib/identity/subject.ts";
import { entryId } from "../lib/identity/subject-key.ts";
import { logFailure, OwnError } from "../log.ts";
import type { ModelOption } from "../view/chat.ts";
import { Broadcast } from "./broadcast.ts";

/** How often a running call is checked. */
const HEARTBEAT_MS = 20_000;
/** Delay before retrying to end a hold. */
const END_AGAIN_MS = 1_000;
const EXTEND_EVERY_MS = 240_000;
const ANSWER_MAX_MS = 20 * 60_000;
/** How long a finished answer stays in memory for a repeat of its request. It is never stored. */
const KEPT_MS = 120_000;

/** One API request, parsed and priced. */
export interface CallAsk {
	requestId: string;
	/** Identifies the body. A repeated request id with another fingerprint is a conflict. */
	fingerprint: string;
	/** Whether the client named the request and can therefore return. Otherwise a disconnect stops the model. */
	isNamed: boolean;
	subject: User;
	model: ModelOption;
	effort: Effort | null;
	units: number;
	terms: Terms;
	maxOutput: number;
	/** The JSON body for an upstream. */
	body: string;
	/** The user's last text, for the demo. */
	question: string;
	/** Estimated tokens of the input. */
	input: number;
	url: string;
	headers: [string, string][];
}

/** A piece of a call's output: parts of the answer, one JSON value per line. `done` is last, sent once the hold has ended. */
export type CallPart =
	| { type: "text"; delta: string }
	| { type: "reasoning"; delta: string }
	| Extract<UpstreamPart, { type: "call" }>
	| {
			type: "done";
			end: AnswerEnd;
			failure?: Failure | undefined;
			retryAfterS?: number | undefined;
			isRefused?: boolean;
			counted: boolean;
			usage: Spent;
	  };

export type CallAnswer =
	| { kind: "stream"; stream: ReadableStream<Uint8Array>; standing: Extract<UsageCheckResult, { allowed: true }>["standing"] }
	| { kind: "refused"; check: Exclude<UsageCheckResult, { allowed: true }> }
	/** The request was counted, and its answer is no longer available. */
	| { kind: "answered" };

/** The stored state of a running call: enough to end its hold after a crash. */
interface Run {
	hold: UsageHold;
	model: string;
	input: number;
	hasOutput: boolean;
}

interface Live {
	run: Run;
	fingerprint: string;
	parts: Broadcast;
	standing: Extract<CallAnswer, { kind: "stream" }>["standing"];
	abort: AbortController;
	isStopped: boolean;
	isNamed: boolean;
	/** How the model's answer ended; null while it is in progress. */
	read: { ended: Ended; spent: Spent | null } | null;
	isClosing: boolean;
	/** Null until the hold has ended. */
	counted: boolean | null;
}

/** The name of a request's object. Chat ids contain no dot, so the names cannot collide. */
export const callName = (requestId: string): string => `call.${requestId}`;
export const isCallName = (name: string): boolean => name.startsWith("call.");

/**
 * One API request. It owns the model call, so that the hold is ended whatever happens to the client or the Worker (docs/decisions/0026). The
 * answer is kept only in memory.
 */
export class ApiCall extends DurableObject<Cloudflare.Env> {
	#live: Live | null = null;
	#starting: Promise<CallAnswer | Live> | null = null;
	#extendedAtMs = 0;

	/** Starts the request, or joins it while it runs and for two minutes afterwards. */
	async call(ask: CallAsk): Promise<CallAnswer> {
		if (!this.#live) await this.#recover();
		for (;;) {
			const live = this.#live;
			if (live && live.counted !== false)
				return live.fingerprint === ask.fingerprint
					? this.#join(live)
					: { kind: "refused", check: { allowed: false, subject: ask.subject, reason: "conflict" } };
			const isFirst = this.#starting === null;
			this.#starting ??= this.#start(ask).finally(() => {
				this.#starting = null;
			});
			const started = await this.#starting;
			if ("parts" in started) continue;
			if (isFirst) return started;
		}
	}

	/** The state of a run, for a ledger whose hold on it has expired. */
	async runState(attempt: number): Promise<ChatStatus> {
		if (this.#starting || this.#live?.counted === null) return "running";
		const run = this.#run();
		await this.#recover();
		return run && run.hold.attempt >= attempt ? "unreachable" : "never-started";
	}

	/** Keeps a running call alive and extends its hold, or ends one that died. */
	override async alarm(): Promise<void> {
		const live = this.#live;
		if (live?.counted !== null || !live) return this.#recover();
		await this.ctx.storage.setAlarm(Date.now() + HEARTBEAT_MS);
		if (live.read) return this.#close(live, live.read);
		if (Date.now() - this.#extendedAtMs < EXTEND_EVERY_MS) return;
		await this.#extend(live.run.hold);
	}

	async #start(ask: CallAsk): Promise<CallAnswer | Live> {
		const { subject, requestId, fingerprint, units, terms, model, url, headers } = ask;
		if (ask.isNamed && (await this.#isCountedElsewhere(ask))) return { kind: "answered" };
		const options = { subject, requestId, fingerprint, units, terms, tiers: model.tiers, chatId: callName(requestId) };
		const check = await checkUsageAllowed(new Request(url, { headers }), options);
		if (!check.allowed) return { kind: "refused", check };
		// An open hold without a run belongs to an attempt that died before calling the model. This one takes it over.
		if (check.hasEnded) return { kind: "answered" };
		const run: Run = { hold: check.hold, model: model.id, input: ask.input, hasOutput: false };
		this.ctx.storage.kv.put("run", run);
		const live: Live = {
			...{ run, fingerprint, parts: new Broadcast(), standing: check.standing, abort: new AbortController() },
			...{ isStopped: false, isNamed: ask.isNamed, read: null, isClosing: false, counted: null },
		};
		this.#live = live;
		await this.ctx.storage.setAlarm(Date.now() + HEARTBEAT_MS);
		if (check.newlyHeld.takenFrom.length < check.hold.takenFrom.length) await this.#extend(check.hold);
		else this.#extendedAtMs = Date.now();
		this.ctx.waitUntil(this.#answer(live, ask));
		return live;
	}

	/**
	 * Whether a ledger other than the first has counted the request. Without this check, an organization that bought a plan after its member's
	 * ledger paid would pay again.
	 */
	async #isCountedElsewhere({ subject, requestId }: CallAsk): Promise<boolean> {
		for (const { key } of subject.payers.slice(1))
			if (await this.env.USAGE_LEDGER.getByName(key).counts(entryId(key, subject.key, requestId))) return true;
		return false;
	}

	/** Never rejects. */
	async #extend({ requestId, takenFrom }: UsageHold): Promise<void> {
		this.#extendedAtMs = Date.now();
		try {
			for (const { ledger, id } of takenFrom) await this.env.USAGE_LEDGER.getByName(ledger).extend(id);
		} catch (error) {
			logFailure(`the hold of ${requestId} was not extended`, error);
		}
	}

	#join(live: Live): CallAnswer {
		const stream = live.parts.join(() => {
			if (live.isNamed || live.parts.readers > 0 || live.counted !== null) return;
			live.isStopped = true;
			live.abort.abort(new OwnError("the client has left"));
		});
		return { kind: "stream", stream, standing: live.standing };
	}

	/** Runs the model and ends the hold. Never rejects. */
	async #answer(live: Live, ask: CallAsk): Promise<void> {
		const timer = setTimeout(() => live.abort.abort(new OwnError("the answer took too long")), ANSWER_MAX_MS);
		const read = new ReadParts(live, ask, () => this.#noteOutput(live));
		const ended = await read.toEnd();
		clearTimeout(timer);
		live.read = { ended, spent: read.spent(ended.end) };
		await this.#close(live, live.read);
	}

	/** Ends the hold, and only then reports the end of the answer. Never rejects: while the ledger is unreachable, the alarm retries. */
	async #close(live: Live, { ended, spent }: NonNullable<Live["read"]>): Promise<void> {
		if (live.isClosing) return;
		live.isClosing = true;
		try {
			live.counted = await this.#settle(live.run, ended, spent);
		} catch (error) {
			logFailure(`call ${live.run.hold.requestId} waits for its ledger`, error);
			live.isClosing = false;
			return this.ctx.storage.setAlarm(Date.now() + END_AGAIN_MS);
		}
		live.parts.send(lineOf({ type: "done", ...ended, counted: live.counted, usage: spent ?? NOTHING_USED }));
		live.parts.close();
		setTimeout(() => {
			if (this.#live === live) this.#live = null;
		}, KEPT_MS);
	}

	/** Ends the hold by the published table (who pays), then forgets the run. @throws when the ledger cannot be reached */
	async #settle(run: Run, ended: Ended, spent: Spent | null): Promise<boolean> {
		const output: Output = run.hasOutput ? "words" : ended.hasThought ? "tokens" : "none";
		const release = whoPays({ end: ended.end, output, failure: ended.failure });
		const { counted } = release === null ? await recordUsage(run.hold, undefined, { spent }) : await releaseUsage(run.hold, release, spent);
		await this.ctx.storage.deleteAll();
		return counted;
	}

	#noteOutput(live: Live): void {
		live.run.hasOutput = true;
		this.ctx.storage.kv.put("run", live.run);
	}

	/** Ends a hold left open by a crash or deploy. Never rejects. */
	async #recover(): Promise<void> {
		const run = this.#run();
		if (!run) return;
		await this.ctx.storage.setAlarm(Date.now() + HEARTBEAT_MS);
		try {
			await this.#settle(run, { end: "interrupted", hasThought: false }, null);
		} catch (error) {
			logFailure(`call ${run.hold.requestId} could not be ended`, error);
		}
	}

	#run(): Run | null {
		return this.ctx.storage.kv.get<Run>("run") ?? null;
	}
}

interface Ended {
	end: AnswerEnd;
	failure?: Failure | undefined;
	retryAfterS?: number | undefined;
	isRefused?: boolean;
	hasThought: boolean;
}

/** The usage of an answer with no known usage. */
export const NOTHING_USED: Spent = { input: 0, cached: 0, output: 0, reasoning: 0, microDollars: 0, estimated: true };

/** Reads the parts of one answer and keeps the state that its ending depends on. */
class ReadParts {
	readonly #live: Live;
	readonly #ask: CallAsk;
	readonly #onOutput: () => void;
	readonly #cap: OutputCap;
	#usage: Usage | null = null;
	#text = "";
	#reasoning = "";

	constructor(live: Live, ask: CallAsk, onOutput: () => void) {
		this.#live = live;
		this.#ask = ask;
		this.#onOutput = onOutput;
		this.#cap = new OutputCap(ask.maxOutput);
	}

	/** Never rejects. */
	async toEnd(): Promise<Ended> {
		const ended = await this.#read().catch((error: unknown): Omit<Ended, "hasThought"> => {
			if (!this.#live.isStopped) logFailure(`call ${this.#ask.requestId} failed`, error);
			return { end: "failed", failure: "failed" };
		});
		const hasThought = this.#reasoning !== "" || (this.#usage?.output ?? 0) > 0;
		return this.#live.isStopped ? { end: "stopped", hasThought } : { ...ended, hasThought };
	}

	/** The call's usage: as reported by the provider, or estimated. Null if nothing arrived. */
	spent(end: AnswerEnd): Spent | null {
		const { model, input, maxOutput } = this.#ask;
		const price = priceOfModel(model.id);
		if (this.#usage) return spentOf(this.#usage, false, price);
		const [text, reasoning] = [tokensOf(this.#text), tokensOf(this.#reasoning)];
		if (text + reasoning === 0 && end !== "complete" && end !== "length" && end !== "filtered") return null;
		const output = Math.min(Math.max(1, text + reasoning), maxOutput);
		return spentOf({ input, cached: 0, output, reasoning: Math.min(reasoning, output) }, true, price);
	}

	async #read(): Promise<Omit<Ended, "hasThought">> {
		const { model, effort, maxOutput, body, question, subject, requestId } = this.#ask;
		const { signal } = this.#live.abort;
		const asked = { model: modelEntry(model.id), effort, maxOutput, subjectHash: hashOfSubject(subject.key), requestId, signal };
		const messages = [{ role: "user" as const, content: question }];
		for await (const part of openAnswer({ ...asked, messages, passed: JSON.parse(body) })) {
			if (part.type === "end") return { end: part.end };
			if (part.type === "failed") {
				const { type: end, ...why } = part;
				return { end, ...why };
			}
			this.#take(part);
			if (this.#cap.isReached) {
				this.#live.abort.abort();
				return { end: "length" };
			}
		}
		throw new OwnError("invariant: an answer ends with its last part");
	}

	#take(part: Exclude<UpstreamPart, { type: "end" | "failed" }>): void {
		if (part.type === "usage") {
			this.#usage = part;
			return;
		}
		const delta = this.#cap.take(part.type === "call" ? part.call.input : part.delta);
		if (part.type === "reasoning") this.#reasoning += delta;
		else this.#text += delta;
		if (!this.#live.run.hasOutput && (part.type === "call" || (part.type === "text" && delta.trim() !== ""))) this.#onOutput();
		if (part.type === "call") this.#live.parts.send(lineOf(part));
		else if (delta) this.#live.parts.send(lineOf({ type: part.type, delta }));
	}
}

const lineOf = (part: CallPart) => `${JSON.stringify(part)}\n`;
