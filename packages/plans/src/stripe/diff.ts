/** Computes the differences between the plan file and Stripe, without calls. */
import { type Offer, offersOf, type PlanFile } from "../plan-file.ts";
import { type Difference, differs } from "../reconcile.ts";
import { meterTerms, portalFeatures, priceMetadata, webhookEvents } from "./conventions.ts";
import { type Found, type FoundMeter, type FoundPortal, type FoundPrice, type FoundProduct, settingsOf } from "./found.ts";

interface ProductFields {
	name?: string;
	description?: string;
	active?: boolean;
	metadata?: { slug: string };
}

/** One change at Stripe. */
export type Step =
	| { type: "create meter" }
	| { type: "rename meter"; id: string }
	| { type: "reactivate meter"; id: string }
	| { type: "create product"; offer: Offer }
	| { type: "update product"; id: string; fields: ProductFields }
	| { type: "archive product"; product: FoundProduct }
	| { type: "create price"; offer: Offer; productId: string; replaces: string | null }
	| { type: "update price"; id: string; metadata: Record<string, string> }
	| { type: "deactivate price"; id: string; product: FoundProduct; keep: string }
	| { type: "create portal" }
	| { type: "update portal"; id: string }
	| { type: "archive portal"; id: string }
	| { type: "create endpoint" }
	| { type: "update endpoint"; id: string };

type Differences = Difference<Step>[];

/** Lists every difference from the plan file. `webhookUrl` only appears in messages. */
export function diff(plans: PlanFile, found: Found, webhookUrl: string | null): Differences {
	const kept = new Set<FoundProduct>();
	const ofOffers = offersOf(plans).flatMap((offer) => {
		const product = productOf(found, offer);
		if (product === undefined)
			return [{ says: `${offer.label}: not at Stripe`, done: `Made ${offer.label}.`, step: { type: "create product", offer } } as const];
		kept.add(product);
		return [...productDiff(offer, product), ...priceDiff(plans, offer, product)];
	});
	const others = found.products.filter((product) => product.active && !kept.has(product));
	return [
		...meterDiff(plans, found.meters),
		...ofOffers,
		...others.map(
			(product): Difference<Step> => ({
				says: `product ${product.slug ?? JSON.stringify(product.name)} (${product.id}): ${hasNamesake(kept, product) ? "twice at Stripe, once" : "sold at Stripe, not"} in plans.json`,
				done: `Archived product ${product.slug ?? JSON.stringify(product.name)} (${product.id}). Who has it keeps it.`,
				step: { type: "archive product", product },
			}),
		),
		...portalDiff(found.portals),
		...(found.endpoints === null ? [] : endpointDiff(found.endpoints, webhookUrl ?? "")),
	];
}

/** Finds an offer's product by its slug, or by its price's slug if it has none. Of several, the active one, else the oldest. */
function productOf({ products }: Found, { slug }: Offer): FoundProduct | undefined {
	const own = products.filter((product) => product.slug === slug || (product.slug === null && currentPrice(product, slug)));
	const rank = (product: FoundProduct) => Number(product.active) + 2 * Number(currentPrice(product, slug) !== undefined);
	// Products are listed newest first.
	return own.reverse().sort((a, b) => rank(b) - rank(a))[0];
}

function hasNamesake(kept: ReadonlySet<FoundProduct>, { slug }: FoundProduct): boolean {
	return [...kept].some((product) => product.slug === slug);
}

function currentPrice({ prices }: FoundProduct, slug: string): FoundPrice | undefined {
	return prices.find(({ active, lookupKey }) => active && lookupKey === slug);
}

function productDiff({ label, slug, name, description }: Offer, product: FoundProduct): Differences {
	const update = (fields: ProductFields, says: string, done: string) => {
		return { says, done, step: { type: "update product", id: product.id, fields } as const };
	};
	const field = (values: { name: string; found: string | null; wanted: string }, fields: ProductFields) =>
		values.found === values.wanted
			? []
			: [update(fields, differs(label, "Stripe", values), `Set the ${values.name} of ${label}: ${values.wanted}`)];
	return [
		...(product.active
			? []
			: [update({ active: true }, `${label}: archived at Stripe, sold in plans.json`, `Put ${label} on sale again.`)]),
		...field({ name: "slug", found: product.slug, wanted: slug }, { metadata: { slug } }),
		...field({ name: "name", found: product.name, wanted: name }, { name }),
		...field({ name: "description", found: product.description, wanted: description }, { description }),
	];
}

/** A price's amount and requests never change. A new price replaces it, and subscribers keep the old one. */
function priceDiff(plans: PlanFile, offer: Offer, product: FoundProduct): Differences {
	const what = `price ${offer.slug}`;
	const price = currentPrice(product, offer.slug);
	const create = { type: "create price", offer, productId: product.id, replaces: product.prices[0]?.id ?? null } as const;
	if (price === undefined) return [{ says: `${what}: not at Stripe`, done: `Made ${what}.`, step: create }];

	const metadata = priceMetadata(offer, plans);
	const terms = [
		{ name: "amount", found: price.amountCents, wanted: offer.amountCents },
		{ name: "currency", found: price.currency.toUpperCase(), wanted: plans.currency },
		{ name: "interval", found: price.interval, wanted: offer.interval },
		{ name: "requests", found: numberOf(price.metadata[plans.meter.slug]), wanted: offer.requests },
	].filter(({ found, wanted }) => found !== wanted);
	const notes = Object.entries(metadata)
		.filter(([key]) => key !== plans.meter.slug)
		.map(([key, wanted]) => ({ name: key, found: price.metadata[key] ?? "", wanted }))
		.filter(({ found, wanted }) => found !== wanted);
	const others = product.prices.filter(({ active, id }) => active && id !== price.id);
	return [
		...terms.map((values) => ({
			says: differs(what, "Stripe", values),
			done: `Made a new ${what} with ${values.name} ${values.wanted ?? "none"}. Subscribers keep the one that they have.`,
			step: create,
		})),
		...notes.map((values) => ({
			says: differs(what, "Stripe", values),
			done: `Set ${values.name} of ${what}: ${values.wanted || "none"}`,
			step: { type: "update price", id: price.id, metadata } as const,
		})),
		...others.map(({ id }) => ({
			says: `${what}: ${id} is on sale at Stripe too, and not in plans.json`,
			done: `Deactivated ${id}, an earlier ${what}.`,
			step: { type: "deactivate price", id, product, keep: price.id } as const,
		})),
	];
}

function numberOf(text: string | undefined): number | string | null {
	return text === undefined ? null : /^\d+$/.test(text) ? Number(text) : text;
}

function meterDiff({ meter }: PlanFile, meters: FoundMeter[]): Differences {
	const what = `meter ${meter.slug}`;
	const isRight = (one: FoundMeter) =>
		Object.entries(meterTerms).every(([term, wanted]) => one[term as keyof typeof meterTerms] === wanted);
	const found = meters.find(({ active }) => active) ?? meters.find(isRight);
	if (found === undefined) return [{ says: `${what}: not at Stripe`, done: `Made ${what}.`, step: { type: "create meter" } }];
	const { id, active, name } = found;
	return [
		...(active
			? []
			: [{ says: `${what}: deactivated at Stripe`, done: `Reactivated ${what}.`, step: { type: "reactivate meter", id } as const }]),
		...(name === meter.name
			? []
			: [
					{
						says: differs(what, "Stripe", { name: "name", found: name, wanted: meter.name }),
						done: `Set the name of ${what}: ${meter.name}`,
						step: { type: "rename meter", id } as const,
					},
				]),
		...Object.entries(meterTerms)
			.filter(([term, wanted]) => found[term as keyof typeof meterTerms] !== wanted)
			.map(([term, wanted]) => ({
				says: differs(what, "Stripe", { name: term, found: found[term as keyof typeof meterTerms], wanted }),
				done: "Stripe never changes that of a meter: deactivate it in the dashboard, and the next push makes another one.",
				step: null,
			})),
	];
}

function portalDiff([first, ...others]: FoundPortal[]): Differences {
	const what = "customer portal";
	if (first === undefined)
		return [{ says: `${what}: not configured at Stripe`, done: `Configured the ${what}.`, step: { type: "create portal" } }];
	const step = { type: "update portal", id: first.id } as const;
	return [
		...Object.entries(settingsOf(portalFeatures))
			.filter(([name, wanted]) => first.settings[name] !== wanted)
			.map(([name, wanted]) => ({
				says: `${what}: ${name} is ${first.settings[name]} at Stripe, and should be ${wanted}`,
				done: `Set ${name} of the ${what}: ${wanted}`,
				step,
			})),
		...others.map(({ id }) => ({
			says: `${what}: configured a second time, ${id}`,
			done: `Deactivated ${id}, an earlier configuration of the ${what}.`,
			step: { type: "archive portal", id } as const,
		})),
	];
}

function endpointDiff(endpoints: NonNullable<Found["endpoints"]>, url: string): Differences {
	const what = `webhook endpoint ${url}`;
	const [first, ...others] = [...endpoints].sort((a, b) => Number(b.enabled) - Number(a.enabled));
	if (first === undefined) return [{ says: `${what}: not at Stripe`, done: `Made ${what}.`, step: { type: "create endpoint" } }];
	const { id, enabled, events } = first;
	const wanted: readonly string[] = webhookEvents;
	const missing = wanted.filter((event) => !events.includes(event));
	const extra = events.filter((event) => !wanted.includes(event));
	const update = { type: "update endpoint", id } as const;
	return [
		...(enabled ? [] : [{ says: `${what}: disabled at Stripe`, done: `Enabled ${what}.`, step: update }]),
		...missing.map((event) => ({ says: `${what}: is not sent ${event}`, done: `${what} is sent ${event}.`, step: update })),
		...extra.map((event) => ({
			says: `${what}: is sent ${event}, which the app does not take`,
			done: `${what} is no longer sent ${event}.`,
			step: update,
		})),
		...others.map((other) => ({
			says: `${what}: at Stripe a second time, ${other.id}`,
			done: "Delete the one whose secret is not in use in Stripe's dashboard.",
			step: null,
		})),
	];
}
