import Stripe from "stripe";
import type { Access } from "../access.ts";
import type { PlanFile } from "../plan-file.ts";
import type { Provider } from "../reconcile.ts";
import { apply } from "./apply.ts";
import { diff, type Step } from "./diff.ts";
import { read } from "./found.ts";

const timeoutMs = 20_000;

/** Stripe, compared with the plan file. With `appUrl` null, webhook endpoints are ignored. */
export function stripeProvider({ key, baseUrl }: Pick<Access, "key" | "baseUrl">, plans: PlanFile, appUrl: string | null): Provider<Step> {
	const stripe = new Stripe(key, { ...addressOf(baseUrl), maxNetworkRetries: 2, timeout: timeoutMs, telemetry: false });
	const webhookUrl = appUrl === null ? null : `${appUrl}/api/stripe/webhook`;
	return {
		name: "Stripe",
		async look() {
			const found = await read(stripe, plans.meter.slug, webhookUrl);
			return {
				differences: diff(plans, found, webhookUrl),
				seen: JSON.stringify(found),
				repair: (step) => apply(stripe, plans, webhookUrl, step),
			};
		},
	};
}

function addressOf(baseUrl: string | undefined) {
	if (baseUrl === undefined) return {};
	const { hostname, port, protocol } = new URL(baseUrl);
	const scheme = protocol === "http:" ? "http" : "https";
	return { host: hostname, port: port || (scheme === "http" ? "80" : "443"), protocol: scheme } as const;
}

/** Whether a call failed because no connection to Stripe could be made. */
export const isStripeUnreachable = (error: unknown) => error instanceof Stripe.errors.StripeConnectionError;
