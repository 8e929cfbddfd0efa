import { config } from "../../../config.ts";
import type { Capabilities } from "../port.ts";

// Stripe without its SDK, for code that runs before anything is bought.

export const capabilities: Capabilities = { sells: true, keepsCredits: false, hasBrowserSdk: false, topUpsOutlivePlan: true };

interface Settings {
	secretKey: string;
	baseUrl: string | undefined;
	/** Signs webhooks; null where none are expected. */
	webhookSecret: string | null;
	/** The Pro plan's price: its lookup key, else its id. */
	proPrice: string;
}

/** Stripe's settings; null where another provider sells, or none. */
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
