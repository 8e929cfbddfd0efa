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
	domainErrorsAre500: z.boolean(),
	scheduledChangeBlocks: z.boolean(),
	/** Trial days of Pro; 0 means no trial. */
	proTrialDays: count.max(365),
	/** Whether the free plan's price renews each month. Off, it is a one-time price of $0, as in a new Flowglad account. */
	freePlanRenews: z.boolean(),
	/** Monthly credits of the free plan, whose price then renews; 0 means none. */
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

/** The behavior described in flowglad.md e. Everything else is off. */
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
	pastDueFreePlanBlocksUpgrade: true,
	domainErrorsAre500: true,
	scheduledChangeBlocks: true,
	proTrialDays: 0,
	freePlanRenews: false,
	freeCredits: 0,
	maxPlan: false,
	emptyCatalogue: false,
	stripeCatalogue: true,
};
