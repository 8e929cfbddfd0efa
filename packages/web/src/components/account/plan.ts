import type { LoadedFlowgladContextValues } from "@flowglad/react";

export type Billing = LoadedFlowgladContextValues;
export type Plan = NonNullable<Billing["currentSubscriptions"]>[number];

/** The plans that are paid for, newest first. Free plans and what was replaced are subscriptions too, which `isFreePlan` and `current` tell. */
export const paidPlans = ({ currentSubscriptions = [] }: Billing): Plan[] =>
	currentSubscriptions.filter(({ isFreePlan }) => isFreePlan === false).sort((a, b) => b.createdAt - a.createdAt);

/** A plan that was begun without a card, and waits for one. */
export const planWithoutCard = ({ subscriptions = [] }: Billing): Plan | undefined =>
	subscriptions.find(({ status, isFreePlan }) => status === "incomplete" && isFreePlan === false);

export const nameOf = ({ name }: Plan): string => name ?? "Pro";

/** What a plan costs; undefined where the billing service does not say. */
export const priceOf = ({ subscriptionItems }: Plan) => subscriptionItems[0]?.price;

/** Requests that the billing service counts as left; null before it has granted any. Negative where more was used than there was. */
export function balanceOf({ id, experimental }: Plan): number | null {
	const balance = experimental?.usageMeterBalances.find(({ slug, subscriptionId }) => slug === "ai_requests" && subscriptionId === id);
	return balance?.availableBalance ?? null;
}

export const notDone = "The billing service did not do this just now. Nothing has changed; please try again in a moment.";
