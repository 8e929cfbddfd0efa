import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import * as flowglad from "./flowglad/settings.ts";
import { noProvider } from "./none.ts";
import type { BillingProvider, Capabilities } from "./port.ts";
import * as stripe from "./stripe/settings.ts";

interface Entry {
	capabilities: Capabilities;
	/** Imports the adapter and its SDK, so they load on first use and only for the configured provider. */
	load: () => Promise<BillingProvider>;
}

const PROVIDERS: Record<ReturnType<typeof config>["billing"]["kind"], Entry> = {
	flowglad: { capabilities: flowglad.capabilities, load: async () => (await import("./flowglad/provider.ts")).flowgladProvider },
	stripe: { capabilities: stripe.capabilities, load: async () => (await import("./stripe/provider.ts")).stripeProvider },
	none: { capabilities: noProvider.capabilities, load: async () => noProvider },
};

const configured = () => PROVIDERS[config().billing.kind];

/** The configured provider's capabilities, without loading its SDK. */
export const capabilities = (): Capabilities => configured().capabilities;

/** The configured billing provider. */
export const billingProvider = (): Promise<BillingProvider> => configured().load();

/**
 * One port of the configured provider.
 * @throws ProblemError 503 `billing-not-configured` where the provider lacks it
 */
export async function billingPort<K extends "usage" | "shop" | "account">(name: K): Promise<NonNullable<BillingProvider[K]>> {
	const port = (await billingProvider())[name];
	return port ?? refuse("billing-not-configured", t("billing_not_sold"));
}
