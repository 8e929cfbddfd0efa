import { setTimeout as sleep } from "node:timers/promises";
import type { FakeModel } from "../fakes/model.ts";
import type { FakeProvider } from "../fakes/provider.ts";
import type { RunningWorker } from "../runtime.ts";
import { Visitor } from "../visitor.ts";

/** Time in ms from a request until the app knows of credits that were granted at the provider without a webhook. */
export interface GrantResult {
	subscribers: number;
	/** With units remaining: until /api/usage shows the credits. */
	withCreditsLeftMs: number[];
	/** The same, while the request's answer is still being written. */
	duringLongAnswerMs: number[];
	/** With nothing remaining and a refusal right before the grant: until a request is admitted. */
	withNothingLeftMs: number[];
}

const GRANTED = 500;
const LOOK_EVERY_MS = 50;
const ASK_EVERY_MS = 500;
const LONG_ANSWER_MS = 15_000;
const GIVEN_UP_MS = 60_000;

export async function measureGrants(
	worker: RunningWorker,
	provider: FakeProvider,
	model: FakeModel,
	subscribers: number,
): Promise<GrantResult> {
	const known = await Promise.all(Array.from({ length: subscribers }, () => new Visitor(worker.url).subscribe()));
	const chatId = new Map(known.map((visitor) => [visitor, crypto.randomUUID()]));
	const send = (visitor: Visitor) => visitor.send(chatId.get(visitor) ?? "", "Hello");
	const each = (make: (visitor: Visitor) => Promise<number>) => Promise.all(known.map(make));
	const settled = async () => {
		await each(async (visitor) => (await visitor.chat(chatId.get(visitor) ?? "", "Hello")).fullMs);
		await provider.quiet();
	};

	await settled();
	const withCreditsLeftMs = await each((visitor) => untilShown(provider, visitor, () => send(visitor)));
	await settled();
	model.holding = true;
	setTimeout(() => model.release(), LONG_ANSWER_MS);
	const duringLongAnswerMs = await each((visitor) => untilShown(provider, visitor, () => send(visitor)));
	await settled();
	for (const visitor of known) provider.balances.set(visitor.userId, 0);
	await settled();
	const withNothingLeftMs = await each((visitor) => untilAdmitted(provider, visitor, () => send(visitor)));
	return { subscribers, withCreditsLeftMs, duringLongAnswerMs, withNothingLeftMs };
}

async function untilShown(provider: FakeProvider, visitor: Visitor, send: () => Promise<{ status: number }>): Promise<number> {
	const before = await remaining(visitor);
	grant(provider, visitor);
	const startedMs = performance.now();
	const answer = send();
	while ((await remaining(visitor)) <= before) await lookAgain(startedMs, LOOK_EVERY_MS);
	const shownMs = performance.now() - startedMs;
	const { status } = await answer;
	if (status !== 200) throw new Error(`grant: the request was answered with ${status}`);
	return shownMs;
}

async function untilAdmitted(provider: FakeProvider, visitor: Visitor, send: () => Promise<{ status: number }>): Promise<number> {
	const { status } = await send();
	if (status !== 429) throw new Error(`grant: with nothing left, a refusal was expected: ${status}`);
	grant(provider, visitor);
	const startedMs = performance.now();
	while ((await send()).status !== 200) await lookAgain(startedMs, ASK_EVERY_MS);
	return performance.now() - startedMs;
}

function grant(provider: FakeProvider, { userId }: Visitor): void {
	provider.balances.set(userId, provider.balanceOf(userId) + GRANTED);
}

async function remaining(visitor: Visitor): Promise<number> {
	const { status, body } = await visitor.ask("/api/usage");
	if (status !== 200) throw new Error(`usage: ${status} ${body}`);
	return JSON.parse(body).remaining;
}

async function lookAgain(startedMs: number, afterMs: number): Promise<void> {
	if (performance.now() - startedMs > GIVEN_UP_MS) throw new Error("a grant was not seen within a minute");
	await sleep(afterMs);
}
