import { z } from "zod";

const count = z.number().int().min(0);

/** pages/inspector/oddities.ts describes each setting and what it does when off. */
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
	/** Trial days of Pro; 0 means no trial. */
	proTrialDays: count.max(365),
	/** Monthly credits of the free plan; 0 means none. */
	freeCredits: count.max(1_000_000),
	/** Whether Max, a second paid plan, is on offer. */
	maxPlan: z.boolean(),
	/** Whether Flowglad starts with its default product only, as a new account does. */
	emptyCatalogue: z.boolean(),
	/** Whether Stripe starts with the plans; off, it starts without products. */
	stripeCatalogue: z.boolean(),
});

/**
 * How the sandbox's Flowglad behaves: oddities of the real service, and what is on offer. They are not faults: clearing the faults
 * keeps them.
 */
export type Settings = z.infer<typeof settingsSchema>;

/** The behavior that flowglad.md e describes. What it does not describe is off. */
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
