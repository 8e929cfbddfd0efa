/**
 * Applies one change at Flowglad, part by part. Flowglad's call that sets up a whole pricing model (POST pricing-models/setup) is no help: it always
 * creates a new model, in test mode, while a key belongs to one existing model.
 */
import type { Flowglad } from "@flowglad/node";
import { z } from "zod";
import { featureSlug, type Offer, type PlanFile } from "../plan-file.ts";
import { grantsOf, type Step, webhookEvents } from "./diff.ts";
import type { EndpointNotes } from "./endpoint-notes.ts";
import { type Found, type FoundFeature, type FoundProduct, parse } from "./found.ts";

export interface Context {
	flowglad: Flowglad;
	plans: PlanFile;
	found: Found;
	webhookUrl: string | null;
	notes: EndpointNotes;
}

/** Applies a step. Returns extra lines to print, such as a secret that is shown once. */
export async function apply(context: Context, step: Step): Promise<string[]> {
	const { flowglad, plans, found } = context;
	const { pricingModelId } = found;
	switch (step.type) {
		case "create meter":
			await flowglad.usageMeters.create({ usageMeter: { pricingModelId, ...plans.meter, aggregationType: "sum" } });
			return [];
		case "update meter":
			await flowglad.usageMeters.update(step.id, { usageMeter: { id: step.id, ...step.fields } });
			return [];
		case "create product":
			await createProduct(context, step.offer);
			return [];
		case "update product":
			await flowglad.products.update(step.id, { product: { id: step.id, ...step.fields } });
			return [];
		case "set features":
			await setFeatures(context, step);
			return [];
		case "create price":
			await flowglad.prices.create({ price: { ...priceOf(step.offer), productId: step.productId } });
			return [];
		case "create endpoint":
			return createEndpoint(context);
		case "update endpoint": {
			const webhook = { id: step.id, url: context.webhookUrl, filterTypes: webhookEvents, active: true };
			await flowglad.put(`/api/v1/webhooks/${step.id}`, { body: { webhook } });
			return [];
		}
	}
}

function priceOf({ slug, name, amountCents, interval, trialDays }: Offer) {
	const common = { slug, name, unitPrice: amountCents, isDefault: true };
	if (interval === null) return { ...common, type: "single_payment" } as const;
	const trialPeriodDays = trialDays > 0 ? trialDays : null;
	return { ...common, type: "subscription", intervalUnit: interval, intervalCount: 1, trialPeriodDays } as const;
}

/** Creates features first, so that a product is never sold without its credits. */
async function createProduct(context: Context, offer: Offer): Promise<void> {
	const featureIds = await featuresFor(context, offer, null);
	const { slug, name, description } = offer;
	await context.flowglad.products.create({
		product: { pricingModelId: context.found.pricingModelId, slug, name, description, active: true },
		price: priceOf(offer),
		featureIds,
	});
}

async function setFeatures(context: Context, { product, offer }: { product: FoundProduct; offer: Offer | null }): Promise<void> {
	const { id, name, description, active, features } = product;
	const grants = grantsOf(product, meterId(context)).map((one) => one.id);
	// Keep everything that the plan file does not define: resources, credits on other meters.
	const others = features.filter((one) => !grants.includes(one.id) && (offer === null || one.type !== "toggle")).map((one) => one.id);
	const own = offer === null ? [] : await featuresFor(context, offer, product);
	await context.flowglad.products.update(id, { product: { id, name, description, active }, featureIds: [...others, ...own] });
}

function meterId({ plans, found }: Context): string {
	const meter = found.meters.find(({ slug }) => slug === plans.meter.slug);
	if (meter === undefined) throw new Error(`Flowglad has no meter ${plans.meter.slug}`);
	return meter.id;
}

/** Creates or updates an offer's features. Returns their ids. */
async function featuresFor(context: Context, offer: Offer, product: FoundProduct | null): Promise<string[]> {
	const { slug, requests, interval } = offer;
	const isOnce = interval === null;
	const frequency = isOnce ? "once" : "every_billing_period";
	const grant = {
		type: "usage_credit_grant",
		name: isOnce ? `${requests} more requests` : `${requests} requests a ${interval}`,
		description: isOnce ? "Granted once, never expiring." : "Granted at the start of each billing period.",
		amount: requests,
		usageMeterId: meterId(context),
		renewalFrequency: frequency,
	};
	const ids = [await keepFeature(context, ownGrant(context, product), { ...grant, slug: `${slug}_${context.plans.meter.slug}` })];
	for (const name of offer.features) {
		const existing = context.found.features.find((one) => one.type === "toggle" && one.name === name);
		ids.push(await keepFeature(context, existing, { type: "toggle", slug: featureSlug(name), name, description: name }));
	}
	return ids;
}

/** The product's only grant, if no other product shares it. A change must not affect another product. */
function ownGrant(context: Context, product: FoundProduct | null): FoundFeature | undefined {
	const [only, ...more] = product === null ? [] : grantsOf(product, meterId(context));
	const owners = context.found.products.filter(({ features }) => features.some(({ id }) => id === only?.id));
	return more.length === 0 && owners.length === 1 ? only : undefined;
}

const answered = z.object({ feature: z.object({ id: z.string() }) });

/** Updates the given feature, else the one with that slug, or creates one. Returns its id. */
async function keepFeature(
	{ flowglad, found }: Context,
	existing: FoundFeature | undefined,
	wanted: { type: string; slug: string; name: string; description: string },
): Promise<string> {
	const feature = existing ?? found.features.find(({ slug }) => slug === wanted.slug);
	if (feature === undefined) {
		const body = { feature: { ...wanted, pricingModelId: found.pricingModelId } };
		return parse(answered, await flowglad.post("/api/v1/features", { body })).feature.id;
	}
	const differs = Object.entries(wanted).some(
		([key, value]) => key in feature && key !== "slug" && feature[key as keyof FoundFeature] !== value,
	);
	if (differs || !feature.active) {
		const body = { feature: { ...wanted, slug: feature.slug, id: feature.id, active: true } };
		await flowglad.put(`/api/v1/features/${feature.id}`, { body });
	}
	return feature.id;
}

/** Creates the endpoint, and records its id locally, because Flowglad cannot list endpoints. */
async function createEndpoint({ flowglad, found, webhookUrl, notes }: Context): Promise<string[]> {
	const webhook = { url: webhookUrl, name: "Parley", filterTypes: webhookEvents, active: true, pricingModelId: found.pricingModelId };
	const answer = await flowglad.post("/api/v1/webhooks", { body: { webhook } });
	const made = parse(z.object({ webhook: z.object({ id: z.string() }), secret: z.string() }), answer);
	return [
		`The secret of ${webhookUrl}, shown only this once: ${made.secret}`,
		"Give it to the app: npx wrangler secret put FLOWGLAD_WEBHOOK_SECRET",
		noted(notes, made.webhook.id),
	];
}

/** Records the endpoint. A failure is a message, not an error: an error would hide the secret, which is shown once. */
function noted(notes: EndpointNotes, id: string): string {
	try {
		notes.write(id);
		return `Flowglad lists no endpoints: that this one is there (${id}) is written in ${notes.path}. Push with --app-url from here only.`;
	} catch (error) {
		return `Flowglad lists no endpoints, and that this one is there (${id}) could not be written down: ${error}. Do not push with --app-url again.`;
	}
}
