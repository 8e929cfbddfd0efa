import type Stripe from "stripe";

/** The API version whose shapes the sandbox speaks: the one the pinned SDK sends. */
export const apiVersion = "2026-10-28.endive" satisfies Stripe.LatestApiVersion;
