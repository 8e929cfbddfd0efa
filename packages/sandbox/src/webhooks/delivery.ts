/** Delivers webhooks in order and at least once, unless a fault says otherwise. */
import type { State } from "../state.ts";
import type { World } from "../world.ts";
import type { Attempt, Delivery } from "./records.ts";

const patienceMs = 10 * 1000;

interface Destination {
	url: string;
	body: string;
	/** The headers of one attempt. `timestampSeconds` is the machine's time, because the receiver compares it with its own. */
	sign(body: string, timestampSeconds: number): Record<string, string>;
}

/** How one provider sends webhooks. */
export interface Channel<D extends Delivery = Delivery> {
	deliveries(state: State): readonly D[];
	/** Where to send it; null if there is no receiver. */
	destination(world: World, delivery: D): Destination | null;
	/** Sandbox time between attempts. */
	retryDelaysMs: readonly number[];
}

/** When the next attempt is due, in sandbox time. */
export function nextDelivery(state: State, channels: readonly Channel[]): number | undefined {
	const dueMs = channels.flatMap((channel) => channel.deliveries(state).flatMap(({ nextAttemptAtMs }) => nextAttemptAtMs ?? []));
	return dueMs.length === 0 ? undefined : Math.min(...dueMs);
}

/** The sender of all channels. Each channel sends one delivery at a time. */
export function createDelivery(world: World, channels: readonly Channel[]): { deliverDue(): Promise<void>; stop(): void } {
	const closing = new AbortController();
	let underway: Promise<void> | undefined;

	const deliverAll = async (channel: Channel) => {
		const next = () => nextOf(world, channel);
		for (let delivery = next(); delivery !== undefined && !closing.signal.aborted; delivery = next()) {
			const destination = channel.destination(world, delivery);
			if (destination === null) {
				delivery.nextAttemptAtMs = null;
				delivery.outcome = "unsent";
				continue;
			}
			const { double = false } = world.state.faults.webhooks ?? {};
			if (double) delivery.attempts.push(await send(world, destination, closing.signal));
			record(world, channel, delivery, await send(world, destination, closing.signal));
		}
	};
	return {
		deliverDue: () => {
			underway ??= Promise.all(channels.map(deliverAll))
				.then(() => {})
				.finally(() => {
					underway = undefined;
				});
			return underway;
		},
		stop: () => closing.abort(),
	};
}

function nextOf({ state, nowMs }: World, channel: Channel): Delivery | undefined {
	const now = nowMs();
	const due = channel.deliveries(state).filter(({ nextAttemptAtMs }) => nextAttemptAtMs !== null && nextAttemptAtMs <= now);
	return state.faults.webhooks?.newestFirst ? due.at(-1) : due[0];
}

async function send(world: World, { url, body, sign }: Destination, closing: AbortSignal): Promise<Attempt> {
	const atMs = world.nowMs();
	const { wrongSignature = false } = world.state.faults.webhooks ?? {};
	const timestampSeconds = Math.floor(world.machineNowMs() / 1000);
	try {
		const response = await fetch(url, {
			method: "POST",
			redirect: "manual",
			headers: { "content-type": "application/json", ...sign(wrongSignature ? `${body} ` : body, timestampSeconds) },
			body,
			signal: AbortSignal.any([closing, AbortSignal.timeout(patienceMs)]),
		});
		await response.body?.cancel();
		return { atMs, status: response.status, error: loseAnswer(world.state) ? "the answer was lost on purpose" : null };
	} catch (error) {
		return { atMs, status: null, error: reasonOf(error) };
	}
}

/** Counts down the fault `loseAnswers`: the app accepted the event and receives it again. */
function loseAnswer({ faults }: State): boolean {
	const { webhooks } = faults;
	if (!webhooks?.loseAnswers) return false;
	webhooks.loseAnswers -= 1;
	return true;
}

function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { cause } = error;
	return cause instanceof Error && "code" in cause ? String(cause.code) : error.message;
}

function record(world: World, { retryDelaysMs }: Channel, delivery: Delivery, attempt: Attempt): void {
	delivery.attempts.push(attempt);
	const isTaken = attempt.error === null && attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
	if (isTaken) {
		delivery.nextAttemptAtMs = null;
		delivery.outcome = "delivered";
		return;
	}
	// Counted from now, not from when it was due: a jump of the clock makes one attempt, not eight.
	const delayMs = retryDelaysMs[delivery.attempts.length - 1];
	delivery.nextAttemptAtMs = delayMs === undefined ? null : world.nowMs() + delayMs;
	delivery.outcome = delayMs === undefined ? "failed" : "waiting";
}

/** A new delivery, subject to the faults `drop` and `delayMs`. */
export function newDelivery({ faults }: State, atMs: number): Omit<Delivery, "id"> {
	const { drop = false, delayMs = 0 } = faults.webhooks ?? {};
	return { attempts: [], nextAttemptAtMs: drop ? null : atMs + delayMs, outcome: drop ? "dropped" : "waiting" };
}

/** Schedules one more attempt now, whatever the outcome so far. */
export function resend(delivery: Delivery, atMs: number): void {
	delivery.nextAttemptAtMs = atMs;
	delivery.outcome = "waiting";
}
