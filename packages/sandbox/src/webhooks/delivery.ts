/** Sends events to the app: in order and at least once, unless the faults say otherwise. */
import type { State } from "../state.ts";
import type { World } from "../world.ts";
import type { Attempt, WebhookMessage } from "./messages.ts";
import { signedHeaders } from "./signature.ts";

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

/** Svix's schedule, in sandbox time from one failed attempt to the next. */
const retryDelaysMs = [5 * seconds, 5 * minutes, 30 * minutes, 2 * hours, 5 * hours, 10 * hours, 10 * hours];
const patienceMs = 10 * seconds;

/** When the next attempt is due, sandbox time. */
export function nextDelivery(state: State): number | undefined {
	const dueMs = state.webhooks.flatMap(({ nextAttemptAtMs }) => nextAttemptAtMs ?? []);
	return dueMs.length === 0 ? undefined : Math.min(...dueMs);
}

export function createDelivery(world: World): { deliverDue(): Promise<void>; stop(): void } {
	const closing = new AbortController();
	let underway: Promise<void> | undefined;

	const deliverAll = async () => {
		for (let message = nextMessage(world); message !== undefined && !closing.signal.aborted; message = nextMessage(world)) {
			if (world.webhook === null) {
				message.nextAttemptAtMs = null;
				message.outcome = "unsent";
				continue;
			}
			const { double = false } = world.state.faults.webhooks ?? {};
			if (double) message.attempts.push(await send(world, message, closing.signal));
			record(world, message, await send(world, message, closing.signal));
		}
	};
	return {
		deliverDue: () => {
			underway ??= deliverAll().finally(() => {
				underway = undefined;
			});
			return underway;
		},
		stop: () => closing.abort(),
	};
}

function nextMessage({ state, nowMs }: World): WebhookMessage | undefined {
	const now = nowMs();
	const due = state.webhooks.filter(({ nextAttemptAtMs }) => nextAttemptAtMs !== null && nextAttemptAtMs <= now);
	return state.faults.webhooks?.newestFirst ? due.at(-1) : due[0];
}

async function send(world: World, message: WebhookMessage, closing: AbortSignal): Promise<Attempt> {
	const atMs = world.nowMs();
	if (world.webhook === null) return { atMs, status: null, error: "nobody to send to" };
	const { wrongSignature = false } = world.state.faults.webhooks ?? {};
	const body = JSON.stringify(message.payload);
	const timestampSeconds = Math.floor(world.machineNowMs() / 1000);
	const signed = { id: message.id, timestampSeconds, body: wrongSignature ? `${body} ` : body };
	try {
		const response = await fetch(world.webhook.url, {
			method: "POST",
			redirect: "manual",
			headers: { "content-type": "application/json", ...signedHeaders(signed, world.webhook.secret) },
			body,
			signal: AbortSignal.any([closing, AbortSignal.timeout(patienceMs)]),
		});
		await response.body?.cancel();
		return { atMs, status: response.status, error: loseAnswer(world.state) ? "the answer was lost on purpose" : null };
	} catch (error) {
		return { atMs, status: null, error: reasonOf(error) };
	}
}

/** Counts down `loseAnswers`: the app has taken the event and is sent it again. */
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

function record(world: World, message: WebhookMessage, attempt: Attempt): void {
	message.attempts.push(attempt);
	const isTaken = attempt.error === null && attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
	if (isTaken) {
		message.nextAttemptAtMs = null;
		message.outcome = "delivered";
		return;
	}
	// From now, not from when it was due: a jump of the clock is one attempt and not eight.
	const delayMs = retryDelaysMs[message.attempts.length - 1];
	message.nextAttemptAtMs = delayMs === undefined ? null : world.nowMs() + delayMs;
	message.outcome = delayMs === undefined ? "failed" : "waiting";
}

/** Sends a message once more, whatever became of it: what the button in Svix's dashboard does. */
export function resend(message: WebhookMessage, atMs: number): void {
	message.nextAttemptAtMs = atMs;
	message.outcome = "waiting";
}
