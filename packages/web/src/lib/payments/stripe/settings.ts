import { config } from "../../../config.ts";
import type { Capabilities } from "../port.ts";

// Stripe's settings, readable without loading its SDK.

export const capabilities: Capabilities = { sells: true, keepsCredits: false, hasBrowserSdk: false, topUpsOutlivePlan: true };

interface Settings {
	secretKey: string;
	baseUrl: string | undefined;
	/** Signs webhooks; null if none are expected. */
	webhookSecret: string | null;
	/** The Pro plan's price: its lookup key, else its id. */
	proPrice: string;
}

/** Stripe's settings; null if it is not the configured provider. */
export function stripeSettings(): Settings | null {
	const { billing } = config();
	return billing.kind === "stripe" ? billing : null;
}

/** @throws Error when Stripe is not the configured provider */
export function requiredSettings(): Settings {
	const settings = stripeSettings();
	if (!settings) throw new Error("Stripe not configured");
	return settings;
}
