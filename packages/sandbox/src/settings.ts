import { z } from "zod";

const count = z.number().int().min(0);

/** What each is for, and what "off" does instead: pages/oddities.ts, where a person switches them. */
export const settingsSchema = z.strictObject({
	freePlanPastDue: z.boolean(),
	noPlanAfterScheduledCancel: z.boolean(),
	meterAbsentBeforeFirstEntry: z.boolean(),
	negativeBalances: z.boolean(),
	creditsStrandedOnUpgrade: z.boolean(),
	topUpWithoutSubscription: z.boolean(),
	topUpIgnoresQuantity: z.boolean(),
	usageOnCanceled: z.boolean(),
	twoSubscriptions: z.boolean(),
	pastDueFreePlanBlocksUpgrade: z.boolean(),
	/** Days of trial on Pro; 0 is none. */
	proTrialDays: count.max(365),
	/** Requests a month on the free plan; 0 is a free plan without credits. */
	freeCredits: count.max(1_000_000),
	/** A second paid plan, to adjust to. */
	maxPlan: z.boolean(),
	/** Flowglad as it comes: nothing is sold but the default product, until the API is told. */
	emptyCatalogue: z.boolean(),
	/** Whether Stripe's side sells the plans from the start; off, it is an account without products. */
	stripeCatalogue: z.boolean(),
});

/**
 * How this sandbox's Flowglad behaves: the oddities of the real one, and what its pricing model sells. Unlike faults
 * they are no failures, so clearing the faults leaves them.
 */
export type Settings = z.infer<typeof settingsSchema>;

/** As flowglad.md e describes the service; what it does not claim is off. */
export const defaultSettings: Settings = {
	freePlanPastDue: true,
	noPlanAfterScheduledCancel: true,
	meterAbsentBeforeFirstEntry: true,
	negativeBalances: true,
	creditsStrandedOnUpgrade: true,
	topUpWithoutSubscription: true,
	topUpIgnoresQuantity: true,
	usageOnCanceled: true,
	twoSubscriptions: false,
	pastDueFreePlanBlocksUpgrade: false,
	proTrialDays: 0,
	freeCredits: 0,
	maxPlan: false,
	emptyCatalogue: false,
	stripeCatalogue: true,
};
