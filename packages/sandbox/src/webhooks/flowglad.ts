import type { Channel } from "./delivery.ts";
import type { WebhookMessage } from "./records.ts";
import { signedHeaders } from "./signature.ts";

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

/** Flowglad's webhooks: one endpoint, with Svix's signature and retry schedule. */
export const flowgladWebhooks = {
	deliveries: (state) => state.webhooks,
	destination: ({ webhook }, { id, payload }) =>
		webhook === null
			? null
			: {
					url: webhook.url,
					body: JSON.stringify(payload),
					sign: (body, timestampSeconds) => signedHeaders({ id, timestampSeconds, body }, webhook.secret),
				},
	retryDelaysMs: [5 * seconds, 5 * minutes, 30 * minutes, 2 * hours, 5 * hours, 10 * hours, 10 * hours],
} satisfies Channel<WebhookMessage>;
