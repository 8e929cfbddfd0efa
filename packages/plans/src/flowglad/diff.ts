/** Computes the differences between the plan file and Flowglad's pricing model, without calls. */
import { type Offer, offersOf, type PlanFile } from "../plan-file.ts";
import { type Difference, differs } from "../reconcile.ts";
import type { Found, FoundFeature, FoundMeter, FoundPrice, FoundProduct } from "./found.ts";

/** The events that the app receives: changes of a plan or its payments. */
export const webhookEvents = [
	"purchase.completed",
	"payment.succeeded",
	"payment.failed",
	"subscription.created",
	"subscription.updated",
	"subscription.canceled",
] as const;

/** The mutable fields of a product. */
interface ProductFields {
	name: string;
	description: string | null;
	active: boolean;
}

/** One change at Flowglad. */
export type Step =
	| { type: "create meter" }
	| { type: "update meter"; id: string; fields: { name?: string; aggregationType?: "sum" } }
	| { type: "create product"; offer: Offer }
	| { type: "update product"; id: string; fields: ProductFields }
	| { type: "set features"; product: FoundProduct; offer: Offer | null }
	| { type: "create price"; offer: Offer; productId: string }
	| { type: "create endpoint" }
	| { type: "update endpoint"; id: string };

type Differences = Difference<Step>[];

/** Lists every difference from the plan file. `webhookUrl` only appears in messages. */
export function diff(plans: PlanFile, found: Found, webhookUrl: string | null): Differences {
	const meter = found.meters.find(({ slug }) => slug === plans.meter.slug);
	const kept = new Set<FoundProduct>();
	const offers = offersOf(plans);
	const ofOffers = offers.flatMap((offer) => {
		const product = productOf(found, offer, offers);
		if (product === undefined)
			return [{ says: `${offer.label}: not at Flowglad`, done: `Made ${offer.label}.`, step: { type: "create product", offer } } as const];
		kept.add(product);
		return [
			...productDiff(offer.label, offer, product),
			...priceDiff(plans, offer, product),
			// Flowglad does not return an inactive product's features. They are compared once it is active again.
			...(isOnSale(product) ? featureDiff(offer, product, meter) : []),
		];
	});
	const others = found.products.filter((product) => isOnSale(product) && !product.default && !kept.has(product));
	return [
		...meterDiff(plans, meter),
		...freeDiff(plans, found),
		...ofOffers,
		...others.map((product): Difference<Step> => {
			const { id, name, slug, description } = product;
			return {
				says: `product ${slug ?? id}: ${JSON.stringify(name)} is sold at Flowglad, not in plans.json`,
				done: `Archived product ${slug ?? id}. Who has it keeps it.`,
				step: { type: "update product", id, fields: { name, description, active: false } },
			};
		}),
		...(found.endpoint === undefined ? [] : endpointDiff(found.endpoint, webhookUrl ?? "")),
	];
}

/**
 * The app identifies a plan by its price's slug. Of several products that ever had the slug, picks the one sold with it,
 * but never one that is sold as another offer.
 */
function productOf({ products }: Found, { slug }: Offer, offers: Offer[]): FoundProduct | undefined {
	const others = offers.map((offer) => offer.slug).filter((other) => other !== slug);
	const own = products
		.filter((product) => !product.default && (product.slug === slug || product.prices.some((price) => price.slug === slug)))
		.filter((product) => !others.some((other) => priceOf(product, other) !== undefined));
	const rank = (product: FoundProduct) => Number(product.active) + 2 * Number(priceOf(product, slug) !== undefined);
	return own.sort((a, b) => rank(b) - rank(a))[0];
}

/** A product without an active price is not in the pricing model, even if it is active itself. */
function isOnSale({ active, prices }: FoundProduct): boolean {
	return active && prices.some((price) => price.active);
}

function priceOf({ prices }: FoundProduct, slug: string): FoundPrice | undefined {
	return prices.find((price) => price.active && price.slug === slug);
}

function productDiff(label: string, wanted: { name: string; description: string }, product: FoundProduct): Differences {
	const now = { name: product.name, description: product.description, active: product.active };
	const update = (change: Partial<ProductFields>) => ({ type: "update product", id: product.id, fields: { ...now, ...change } }) as const;
	const field = (name: "name" | "description") =>
		now[name] === wanted[name]
			? []
			: [
					{
						says: differs(label, "Flowglad", { name, found: now[name], wanted: wanted[name] }),
						done: `Set the ${name} of ${label}: ${wanted[name]}`,
						step: update({ [name]: wanted[name] }),
					},
				];
	const archived = { says: `${label}: archived at Flowglad, sold in plans.json`, done: `Put ${label} on sale again.` };
	return [...(now.active ? [] : [{ ...archived, step: update({ active: true }) }]), ...field("name"), ...field("description")];
}

/** A price's amount never changes. A new price deactivates the old one, and subscribers keep the old one. */
function priceDiff(plans: PlanFile, offer: Offer, product: FoundProduct): Differences {
	const what = `price ${offer.slug}`;
	const price = priceOf(product, offer.slug);
	const step = { type: "create price", offer, productId: product.id } as const;
	if (price === undefined) return [{ says: `${what}: not at Flowglad`, done: `Made ${what}.`, step }];

	const type = offer.interval === null ? "single_payment" : "subscription";
	if (price.type !== type) {
		const says = differs(what, "Flowglad", { name: "type", found: price.type, wanted: type });
		return [
			{ says, done: `Flowglad keeps a product to one type of price: give this price another slug in the dashboard, and push.`, step: null },
		];
	}
	const interval = price.intervalCount === 1 ? price.intervalUnit : `${price.intervalCount} ${price.intervalUnit}s`;
	const terms = [
		{ name: "amount", found: price.unitPrice, wanted: offer.amountCents },
		...(offer.interval === null
			? []
			: [
					{ name: "interval", found: interval, wanted: offer.interval },
					{ name: "trial days", found: price.trialPeriodDays ?? 0, wanted: offer.trialDays },
				]),
	].filter(({ found, wanted }) => found !== wanted);
	const currency = { name: "currency", found: price.currency, wanted: plans.currency };
	return [
		...terms.map((values) => ({
			says: differs(what, "Flowglad", values),
			done: `Made a new ${what} with ${values.name} ${values.wanted}. Subscribers keep the one that they have.`,
			step,
		})),
		...(currency.found === currency.wanted
			? []
			: [
					{
						says: differs(what, "Flowglad", currency),
						done: "Flowglad takes the organization's currency for every price: change it there, or in plans.json.",
						step: null,
					},
				]),
	];
}

function featureDiff(offer: Offer, product: FoundProduct, meter: FoundMeter | undefined): Differences {
	const { label, requests, interval } = offer;
	const done = (text: string) => ({ done: text, step: { type: "set features", product, offer } as const });
	const wanted = `${requests} ${interval === null ? "once" : "each period"}`;
	const granted = grantsOf(product, meter?.id).map(grantText).join(" and ") || "none";
	const toggles = togglesOf(product).map(({ name }) => name);
	const missing = offer.features.filter((name) => !toggles.includes(name));
	const extra = toggles.filter((name) => !offer.features.includes(name));
	return [
		...(granted === wanted
			? []
			: [
					{
						says: `${label}: requests ${granted} at Flowglad, ${wanted} in plans.json`,
						...done(`Set the requests of ${label}: ${wanted}. Subscribers keep what they have.`),
					},
				]),
		...missing.map((name) => ({
			says: `${label}: feature ${JSON.stringify(name)} is not at Flowglad`,
			...done(`Gave ${label} the feature ${JSON.stringify(name)}.`),
		})),
		...extra.map((name) => ({
			says: `${label}: feature ${JSON.stringify(name)} is at Flowglad, not in plans.json`,
			...done(`Took the feature ${JSON.stringify(name)} from ${label}.`),
		})),
	];
}

/** A product's credits on our meter. */
export function grantsOf({ features }: FoundProduct, meterId: string | undefined): FoundFeature[] {
	return features.filter(({ type, usageMeterId }) => type === "usage_credit_grant" && meterId !== undefined && usageMeterId === meterId);
}

function togglesOf({ features }: FoundProduct): FoundFeature[] {
	return features.filter(({ type }) => type === "toggle");
}

function grantText({ amount, renewalFrequency }: FoundFeature): string {
	return `${amount} ${renewalFrequency === "once" ? "once" : "each period"}`;
}

/** The default product belongs to the pricing model. It can be renamed, and is always free. */
function freeDiff({ free, meter }: PlanFile, { products, meters }: Found): Differences {
	const product = products.find((one) => one.default);
	if (product === undefined)
		return [{ says: "plan free: not at Flowglad", done: "Make a default product in Flowglad's dashboard.", step: null }];
	const meterId = meters.find(({ slug }) => slug === meter.slug)?.id;
	const granted = grantsOf(product, meterId).map(grantText).join(" and ");
	return [
		...productDiff("plan free", free, product),
		...freePriceDiff(product),
		...(granted === ""
			? []
			: [
					{
						says: `plan free: requests ${granted} at Flowglad, none in plans.json`,
						done: "Took the requests from plan free: the app's own limits count there.",
						step: { type: "set features", product, offer: null } as const,
					},
				]),
	];
}

/**
 * A free plan that renews is past due after its first month and then blocks every upgrade. Flowglad creates a one-time price for a new account and
 * does not allow replacing it, here or in the dashboard (priceValidation.ts, protectDefaultProduct.ts).
 */
function freePriceDiff({ prices }: FoundProduct): Differences {
	const price = prices.find(({ active }) => active);
	if (price === undefined || price.type === "single_payment") return [];
	const done = [
		"Flowglad never changes this price. In its dashboard create a pricing model whose free plan does not renew, and a key for it;",
		"set that key and push again. docs/operations.md says what becomes of existing customers.",
	].join(" ");
	const interval = price.intervalUnit ?? "period";
	return [{ says: `plan free: its price renews every ${interval} at Flowglad, once in plans.json`, done, step: null }];
}

function meterDiff({ meter }: PlanFile, found: FoundMeter | undefined): Differences {
	const what = `meter ${meter.slug}`;
	if (found === undefined) return [{ says: `${what}: not at Flowglad`, done: `Made ${what}.`, step: { type: "create meter" } }];
	const update = (name: string, now: string, wanted: string, fields: { name?: string; aggregationType?: "sum" }) => ({
		says: differs(what, "Flowglad", { name, found: now, wanted }),
		done: `Set the ${name} of ${what}: ${wanted}`,
		step: { type: "update meter", id: found.id, fields } as const,
	});
	const cost = found.defaultPrice?.unitPrice ?? 0;
	return [
		...(found.name === meter.name ? [] : [update("name", found.name, meter.name, { name: meter.name })]),
		...(found.aggregationType === "sum" ? [] : [update("aggregation", found.aggregationType, "sum", { aggregationType: "sum" })]),
		...(cost === 0
			? []
			: [
					{
						says: `${what}: usage beyond the credits costs ${cost} at Flowglad, nothing in plans.json`,
						done: `Make ${meter.slug}_no_charge the meter's default price in Flowglad's dashboard.`,
						step: null,
					},
				]),
	];
}

function endpointDiff(endpoint: NonNullable<Found["endpoint"]> | null, url: string): Differences {
	const what = `webhook endpoint ${url}`;
	if (endpoint === null)
		return [{ says: `${what}: none that a push from here has made`, done: `Made ${what}.`, step: { type: "create endpoint" } }];
	const wanted: readonly string[] = webhookEvents;
	const { id, active, filterTypes } = endpoint;
	const step = { type: "update endpoint", id } as const;
	return [
		...(active ? [] : [{ says: `${what}: inactive at Flowglad`, done: `Activated ${what}.`, step }]),
		...(endpoint.url === url ? [] : [{ says: `${what}: leads to ${endpoint.url} at Flowglad`, done: `Pointed it to ${url}.`, step }]),
		...wanted
			.filter((event) => !filterTypes.includes(event))
			.map((event) => ({ says: `${what}: is not sent ${event}`, done: `${what} is sent ${event}.`, step })),
		...filterTypes
			.filter((event) => !wanted.includes(event))
			.map((event) => ({ says: `${what}: is sent ${event}, which is of no use`, done: `${what} is no longer sent ${event}.`, step })),
	];
}
