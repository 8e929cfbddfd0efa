/** OAuth providers that can open an account here, each if the deployment has keys for it. */
export const PROVIDERS = ["github", "google"] as const;
export type ProviderId = (typeof PROVIDERS)[number];

/** The common name of a provider. */
export const PROVIDER_NAMES: Record<ProviderId, string> = { github: "GitHub", google: "Google" };
