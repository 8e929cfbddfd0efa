import { config } from "../../../config.ts";
import { providerFetch } from "../deadline.ts";
import type { Capabilities } from "../port.ts";

// Flowglad's settings, readable without loading its SDK.

export const capabilities: Capabilities = { sells: true, keepsCredits: true, hasBrowserSdk: true, topUpsOutlivePlan: false };

interface Settings {
	apiKey: string;
	baseURL: string | undefined;
	/** Signs webhooks; null if none are expected. */
	webhookSecret: string | null;
}

/** Flowglad's settings; null if it is not the configured provider. */
export function flowgladSettings(): Settings | null {
	const { billing } = config();
	if (billing.kind !== "flowglad") return null;
	const { secretKey: apiKey, baseUrl: baseURL, webhookSecret } = billing;
	return { apiKey, baseURL, webhookSecret };
}

/** What the SDK's constructors take. */
type ClientOptions = Pick<Settings, "apiKey" | "baseURL"> & { fetch: typeof fetch };

/** @throws Error when Flowglad is not the configured provider */
export function clientOptions(): ClientOptions {
	const settings = flowgladSettings();
	if (!settings) throw new Error("Flowglad not configured");
	const { apiKey, baseURL } = settings;
	return { apiKey, baseURL, fetch: providerFetch };
}
