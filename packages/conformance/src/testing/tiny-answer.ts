import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "./tiny-accounts.ts";
import type { Traits } from "./traits.ts";

/** The answer to one request, running or ended. */
export interface Run {
	answerId: string;
	chatId: string;
	/** Identifies the request's content. */
	asked: string;
	text: string;
	units: number;
	chunks: string[];
	output: string;
	state: "running" | "complete" | "stopped" | "failed";
	counted: boolean;
	stop: () => void;
	ears: Set<ServerResponse>;
	atEnd: (() => void)[];
}

const WORDS = Array.from({ length: 12 }, (_, n) => `word${n} `);
/** Long answers are slow enough to interrupt; short ones are quick, to keep the tests quick. In ms. */
const SLOW = { firstTokenMs: 250, each: 40 };
const QUICK = { firstTokenMs: 5, each: 0 };
const STEP_MS = 2;

/** Writes an answer and counts it on its account. `free`: counts nothing, but claims that it did. */
export async function writeAnswer(traits: Traits, run: Run, account: Account, stopping: AbortSignal, free: boolean): Promise<void> {
	const pace = run.text.startsWith("Count") ? SLOW : QUICK;
	send(run, { type: "start", messageId: run.answerId });
	let state: Run["state"] = traits.modelFails ? "failed" : "complete";
	try {
		if (!traits.instantModel) await think(traits.firstTokenMs ?? pace.firstTokenMs, stopping);
		for (const delta of traits.modelFails ? [] : WORDS) {
			send(run, { type: "text-delta", id: "0", delta });
			run.output += delta;
			if (!traits.instantModel) await think(pace.each, stopping);
		}
	} catch {
		state = "stopped";
	}
	const countsStop = run.output === "" ? traits.countsEarlyStops === true : !traits.forgivesStops;
	run.counted = !free && (state === "complete" || (state === "stopped" && countsStop));
	account.held -= run.units;
	if (run.counted) account.used += run.units;
	run.state = state;
	send(run, { type: "message-metadata", messageMetadata: { state, counted: free || run.counted } });
	send(run, { type: { complete: "finish", stopped: traits.finishesStops ? "finish" : "abort", failed: "error" }[state] });
	for (const ear of run.ears) ear.end();
	for (const then of run.atEnd) then();
}

/**
 * Waits in many small steps. On a busy machine every step is late, so the model slows down by as much as the clients that stop or join it.
 */
async function think(ms: number, signal: AbortSignal): Promise<void> {
	for (let leftMs = ms; leftMs >= 0; leftMs -= STEP_MS) await sleep(Math.min(leftMs, STEP_MS), undefined, { signal });
}

function send(run: Run, chunk: object): void {
	const line = `data: ${JSON.stringify(chunk)}\n\n`;
	run.chunks.push(line);
	for (const ear of run.ears) ear.write(line);
}

/** Sends an answer to one more reader, from a chunk on. */
export function listen(run: Run, response: ServerResponse, from: number): void {
	if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
	response.write(run.chunks.slice(from).join(""));
	if (run.state === "running") run.ears.add(response);
	else response.end();
}
