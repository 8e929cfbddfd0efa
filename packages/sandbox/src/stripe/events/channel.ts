import { createHmac } from "node:crypto";
import type { Channel } from "../../webhooks/delivery.ts";
import type { World } from "../../world.ts";
import { known } from "../find.ts";
import type { StripeDelivery } from "../state.ts";
import { startedWith } from "./emit.ts";

const minutes = 60 * 1000;
const hours = 60 * minutes;

/** Stripe's webhooks: each endpoint has its own secret, and attempts continue for three days. */
export const stripeWebhooks = {
	deliveries: (state) => state.stripe.deliveries,
	destination: (world, { eventId, endpointId }) => {
		const endpoint = endpointOf(world, endpointId);
		const event = world.state.stripe.events.find(({ id }) => id === eventId);
		if (endpoint === null || event === undefined) return null;
		return {
			url: endpoint.url,
			body: JSON.stringify(event, null, 2),
			sign: (body, timestampSeconds) => ({ "stripe-signature": signature(body, timestampSeconds, endpoint.secret) }),
		};
	},
	retryDelaysMs: [5 * minutes, 30 * minutes, 2 * hours, 5 * hours, 10 * hours, 12 * hours, 12 * hours, 12 * hours, 12 * hours],
} satisfies Channel<StripeDelivery>;

/** The delivery's endpoint. Null if it was deleted, or if the sandbox was started without one. */
function endpointOf({ state, stripe }: World, id: string): { url: string; secret: string } | null {
	if (id === startedWith) return stripe.webhook;
	const { url, secret } = state.stripe.webhookEndpoints.find((one) => one.id === id) ?? {};
	return url === undefined || secret === undefined ? null : { url, secret };
}

/** The `Stripe-Signature` header: HMAC-SHA256 over `timestamp.body`, keyed with the secret as text. */
function signature(body: string, timestampSeconds: number, secret: string): string {
	const digest = createHmac("sha256", secret).update(`${timestampSeconds}.${body}`).digest("hex");
	return `t=${timestampSeconds},v1=${digest}`;
}

/** The deliveries of one event, one for each endpoint. */
export function deliveriesOf({ stripe }: World["state"], eventId: string): StripeDelivery[] {
	known(stripe.events, eventId);
	return stripe.deliveries.filter((one) => one.eventId === eventId);
}
