import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, isRecord, lags } from "../answer.ts";
import { type Context, counted, difference, longQuestion, modelFailed, refusedByOthers, shortQuestion, usageOf } from "../context.ts";
import { Breach, Unjudged } from "../failure.ts";
import type { Client } from "../http.ts";
import { Checks, type Rule } from "../rule.ts";

/** Deltas that must arrive after joining: proof that the answer was still running, and enough to time. */
const LATER_PIECES_MIN = 3;
/** Highest delay of the second stream behind the first, in ms. */
const JOIN_LAG_MAX_MS = 200;
const RETURN_MAX_MS = 90_000;

/** @throws Breach or Unjudged for a refused request, which cannot be joined, stopped or left */
async function assertAdmitted(answer: Answer): Promise<void> {
	if (answer.status === 200) return;
	refusedByOthers(await answer.whole());
	throw new Breach(`a valid request got ${answer.status} ${String(answer.problem?.title ?? "")}`.trim());
}

const joining: Rule = {
	name: "joining",
	did: "after 2 deltas of an answer, a second tab joins its stream, a third resends the request, a fourth sends another message to the chat",
	expected: `the second and third get the same text from its beginning, new deltas within ${JOIN_LAG_MAX_MS} ms; the fourth gets 409; 1 counted`,
	calls: () => 1,
	judge: async (context) => {
		const owner = await context.person(1);
		const question = longQuestion();
		const before = await usageOf(owner);
		const first = await owner.ask(question);
		await assertAdmitted(first);
		await first.until(2);
		const [stream, repeat, other] = await Promise.all([
			owner.join(question.chatId),
			owner.ask(question),
			owner.ask({ ...shortQuestion(), chatId: question.chatId }),
		]);
		const joinedAtMs = performance.now();
		await Promise.all([first.whole(), stream.whole(), repeat.whole(), other.whole()]);
		if (modelFailed(first) || modelFailed(other)) throw new Unjudged("the model failed");
		const units = difference(before, await usageOf(owner));
		const late = lags(first.deltas, stream.deltas, joinedAtMs).sort((a, b) => a - b);
		const wasRunning = late.length >= LATER_PIECES_MIN;
		const checks = new Checks();
		checks.that(repeat.status === 200, `the resent request got ${repeat.status}`);
		checks.that(repeat.output === first.output, "the resent request got another text");
		// If the first answer has already ended, the second message is answered as usual.
		const expected = other.metadata.counted === true && !wasRunning ? 2 : 1;
		checks.that(units === expected, `${units} counted`);
		if (wasRunning) checks.that(other.status === 409, `another message to the chat got ${other.status} during the answer`);
		if (stream.status === 204 && checks.wrong.length === 0) throw new Unjudged("the model finished before a second tab could join");
		checks.that(stream.status === 200, `the stream got ${stream.status}`);
		checks.that(stream.output === first.output, "the second tab got another text");
		if (!wasRunning && checks.wrong.length === 0)
			throw new Unjudged(`the same text and ${units} counted, but only ${late.length} deltas arrived after joining: too few to time`);
		// Tolerate network jitter in one delta of ten.
		const most = late[Math.floor((late.length - 1) * 0.9)] ?? 0;
		checks.that(most <= JOIN_LAG_MAX_MS, `90 % of ${late.length} later deltas arrived within ${Math.round(most)} ms of the first caller's`);
		return checks.finding(
			`same text, ${late.length} later deltas within ${Math.round(most)} ms (worst ${Math.round(late.at(-1) ?? 0)} ms); 409; ${units} counted`,
		);
	},
};

/** Stops an answer, and checks its count against the published table: counted exactly when there was output. */
async function stopped(context: Context, when: (answer: Answer) => Promise<unknown>) {
	const owner = await context.person(1);
	const question = longQuestion();
	const before = await usageOf(owner);
	const answer = await owner.ask(question);
	await assertAdmitted(answer);
	await when(answer);
	const stop = await owner.post(`/api/chat/${question.chatId}/stop`, {});
	await answer.whole();
	const after = await usageOf(owner);
	if (modelFailed(answer)) throw new Unjudged("the model failed");
	const units = difference(before, after);
	const checks = new Checks();
	const { state, counted: isCounted } = answer.metadata;
	const output = answer.output !== "";
	checks.that(stop.status === 200 && isRecord(stop.json) && typeof stop.json.stopped === "boolean", `stop got ${stop.status}`);
	checks.that(after.held === before.held, `${after.held} still held`);
	checks.that(units === (isCounted === true ? 1 : 0), `the answer says counted ${String(isCounted)}, usage changed by ${units}`);
	checks.that(isCounted === output, `${output ? "with" : "without"} output, the answer says counted ${String(isCounted)}`);
	if (state === "stopped") checks.that(answer.last === "abort", `the last chunk was "${answer.last}"`);
	else if (checks.wrong.length === 0) throw new Unjudged("the model finished before it could be stopped; the counts agree");
	return { owner, question, output, units, checks };
}

const stopBefore: Rule = {
	name: "stop-before-output",
	did: "a request stopped at once, then resent under its key",
	expected: "nothing counted, and the answer says so; then a new attempt, complete and counted",
	calls: () => 2,
	judge: async (context) => {
		const { owner, question, output, units, checks } = await stopped(context, async () => {});
		if (checks.wrong.length > 0) return checks.finding("");
		if (output) throw new Unjudged("output arrived before the stop; it was counted, as published");
		const before = await usageOf(owner);
		const { metadata } = await counted(await owner.ask(question));
		const again = difference(before, await usageOf(owner));
		checks.that(again === 1 && metadata.state !== "stopped", `resent, it ended as "${String(metadata.state)}", ${again} counted`);
		return checks.finding(`stopped without output, ${units} counted; resent, ${again} counted`);
	},
};

const stopAfter: Rule = {
	name: "stop-after-output",
	did: "a request stopped after 2 deltas",
	expected: "1 counted, and the answer says so",
	calls: () => 1,
	judge: async (context) => {
		const { units, checks } = await stopped(context, (answer) => answer.until(2));
		return checks.finding(`stopped with output, ${units} counted`);
	},
};

const disconnect: Rule = {
	name: "disconnect",
	did: "the connection cut after 2 deltas, the request resent once nothing is held",
	expected: "the complete answer on return; 1 counted",
	calls: () => 1,
	judge: async (context) => {
		const owner = await context.person(1);
		const question = longQuestion();
		const before = await usageOf(owner);
		const cut = await owner.ask(question);
		await assertAdmitted(cut);
		await cut.until(2);
		const heard = cut.output;
		cut.leave();
		const tooFast = (await usageOf(owner)).held <= before.held;
		await untilNothingHeld(owner, before.held);
		const atEnd = await usageOf(owner);
		const again = await (await owner.ask(question)).whole();
		const units = difference(before, await usageOf(owner));
		const checks = new Checks();
		if (again.status === 200 && modelFailed(again)) throw new Unjudged("the model failed");
		checks.that(again.status === 200, `on return, status ${again.status}`);
		checks.that(difference(before, atEnd) === 1, `${difference(before, atEnd)} counted while disconnected`);
		checks.that(units === 1, `${units} counted after the return`);
		checks.that(again.output.startsWith(heard), "the answer begins differently than before the disconnect");
		checks.that(again.last === "finish" && again.metadata.counted === true, `the answer ended as "${String(again.metadata.state)}"`);
		if (tooFast && checks.wrong.length === 0) throw new Unjudged("the model finished before the connection could be cut; counted once");
		checks.that(again.output.length > heard.length, "the answer did not continue after the disconnect");
		return checks.finding(`${heard.length} characters before the disconnect, ${again.output.length} on return; ${units} counted`);
	},
};

/** Waits until an abandoned answer has ended, which shows as the end of its hold. */
async function untilNothingHeld(owner: Client, held: number): Promise<void> {
	const deadlineMs = performance.now() + RETURN_MAX_MS;
	let waitMs = 100;
	while ((await usageOf(owner)).held > held) {
		if (performance.now() > deadlineMs) throw new Unjudged(`the answer did not end within ${RETURN_MAX_MS / 1000} s`);
		await sleep(waitMs);
		waitMs = Math.min(1_000, waitMs * 2);
	}
}

const reload: Rule = {
	name: "reload",
	did: "a chat's page loaded after its answer, and the stream that the page requests",
	expected: "200 with question and answer, private, no-store; the stream 204",
	calls: () => 0,
	uses: "finished chat",
	judge: async (context) => {
		const { owner, question, output } = await context.finishedChat();
		const checks = new Checks();
		const page = await owner.read(`/c/${question.chatId}`);
		const { status } = await owner.read(`/api/chat/${question.chatId}/stream`);
		// Compare words only: punctuation and markup depend on HTML and Markdown rendering.
		const missing = (output.match(/\p{L}{3,}/gu) ?? []).filter((word) => !page.body.includes(word));
		const cache = page.headers.get("cache-control") ?? "none";
		checks.that(page.status === 200, `the page got ${page.status}`);
		checks.that(page.body.includes(question.text), "the page does not show the question");
		checks.that(missing.length === 0, `the page lacks ${missing.length} words of the answer`);
		checks.that(/private/.test(cache) && /no-store/.test(cache), `cache-control ${cache}`);
		checks.that(status === 204, `the stream got ${status}`);
		return checks.finding(`the page shows question and answer; ${status}`);
	},
};

export const answers: Rule[] = [joining, stopBefore, stopAfter, disconnect, reload];
