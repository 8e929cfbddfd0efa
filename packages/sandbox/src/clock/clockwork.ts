/** Runs what is due without a request, and delivers webhooks. */

import { stripeWebhooks } from "../stripe/events/channel.ts";
import { type Channel, createDelivery, nextDelivery } from "../webhooks/delivery.ts";
import { flowgladWebhooks } from "../webhooks/flowglad.ts";
import type { World } from "../world.ts";
import { applyDue, nextDue } from "./apply-due.ts";

// Timers hold at most 32 bits of milliseconds, and the clock may be moved while one runs.
const longestSleepMs = 60_000;

const channels: readonly Channel[] = [flowgladWebhooks, stripeWebhooks];

export interface Clockwork {
	/** Call after every change. */
	stir(): void;
	/** Ends timers and running deliveries. */
	stop(): void;
}

/** The timer that follows the sandbox's clock. */
export function createClockwork(world: World): Clockwork {
	const delivery = createDelivery(world, channels);
	let timer: NodeJS.Timeout | undefined;
	let stopped = false;

	const tick = async () => {
		try {
			applyDue(world.state, world.nowMs());
			await world.commit();
			await delivery.deliverDue();
			await world.commit();
		} catch (error) {
			console.error(error);
		}
		arm();
	};
	const arm = () => {
		clearTimeout(timer);
		if (stopped) return;
		const nowMs = world.nowMs();
		const dueMs = Math.min(
			nextDue(world.state)?.atMs ?? Number.POSITIVE_INFINITY,
			nextDelivery(world.state, channels) ?? Number.POSITIVE_INFINITY,
		);
		// While the clock is frozen nothing new becomes due, but work that is already due still runs.
		if (dueMs === Number.POSITIVE_INFINITY || (world.state.frozenAtMs !== null && dueMs > nowMs)) return;
		timer = setTimeout(() => void tick(), Math.min(Math.max(dueMs - nowMs, 0), longestSleepMs));
		timer.unref();
	};
	return {
		stir: arm,
		stop: () => {
			stopped = true;
			clearTimeout(timer);
			delivery.stop();
		},
	};
}
