import type Stripe from "stripe";

/** The API version that the sandbox implements: the one that the pinned SDK sends. */
export const apiVersion = "2026-10-28.endive" satisfies Stripe.LatestApiVersion;
