/** Where someone may have an account that opens one here, each where the deployment has keys of it. */
export const PROVIDERS = ["github", "google"] as const;
export type ProviderId = (typeof PROVIDERS)[number];

/** A provider as people know it. */
export const PROVIDER_NAMES: Record<ProviderId, string> = { github: "GitHub", google: "Google" };
