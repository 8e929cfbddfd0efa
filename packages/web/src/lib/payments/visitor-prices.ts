import { z } from "zod";
import { config } from "../../config.ts";
import type { PlanView } from "../../view/billing.ts";
import { billingProvider } from "./provider.ts";
import { VisitorCopy } from "./visitor-copy.ts";

const READ_TIMEOUT_MS = 5_000;

const planView: z.ZodType<PlanView> = z.object({
	priceSlug: z.string(),
	name: z.string(),
	description: z.string().nullable(),
	amountCents: z.number(),
	currency: z.string(),
	interval: z.enum(["day", "week", "month", "year"]).nullable(),
	requests: z.number().nullable(),
	features: z.array(z.string()),
	trialDays: z.number(),
	kind: z.enum(["free", "subscription", "top-up"]),
	current: z.boolean(),
});

let copy: VisitorCopy<PlanView[]> | null = null;

/** What is for sale to any visitor, from a copy. Empty if nothing is sold; null if the provider has never answered. */
export async function visitorPrices(): Promise<PlanView[] | null> {
	const { shop } = await billingProvider();
	if (!shop) return [];
	// Each provider has its own copy.
	copy ??= new VisitorCopy(`${config().billing.kind} prices`, z.array(planView), () => shop.readOffers(READ_TIMEOUT_MS));
	return copy.read();
}
