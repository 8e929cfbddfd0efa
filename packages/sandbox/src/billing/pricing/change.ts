/** Changes to the catalogue, under Flowglad's rules. Every function throws a Refusal where Flowglad refuses. */
import type { z } from "zod";
import type { State } from "../../state.ts";
import { findById } from "../find-by-id.ts";
import { newRecord } from "../ids.ts";
import type { SubscriptionPrice } from "../records.ts";
import { Refusal } from "../refusal.ts";
import type { CatalogueBodies } from "./bodies.ts";
import { noChargePrice, organizationId, pricingModelId } from "./catalogue.ts";
import type { Catalogue, Feature, MeterRecord, Price, ProductRecord } from "./records.ts";
import { catalogueOf, changeableCatalogue } from "./stored.ts";

type Body<Name extends keyof CatalogueBodies> = z.infer<CatalogueBodies[Name]>;

/** The organization's currency. It cannot be set for a single price. */
const currency = "USD";

/** Throws a Refusal for a pricing model other than the sandbox's. */
export function requireModel(id: string): void {
	if (id !== pricingModelId) throw new Refusal("NOT_FOUND", `PricingModel with id ${id} not found`);
}

function requireFree<T extends { slug: string | null }>(taken: readonly T[], slug: string | null | undefined): void {
	if (slug && taken.some((one) => one.slug === slug)) throw new Refusal("CONFLICT", "This slug already exists");
}

/** Creates a meter and its default price of $0. Ids derive from the slug: `payments/invoices.ts` relies on that of AI requests. */
export function createMeter(state: State, { usageMeter }: Body<"createMeter">, atMs: number): MeterRecord {
	requireModel(usageMeter.pricingModelId);
	requireFree(catalogueOf(state).usageMeters, usageMeter.slug);
	const { name, slug, aggregationType } = usageMeter;
	const at = { createdAt: atMs, updatedAt: atMs, livemode: false };
	const record: MeterRecord = { id: `usage_meter_${slug}`, ...at, organizationId, name, pricingModelId, slug, aggregationType };
	const catalogue = changeableCatalogue(state);
	catalogue.usageMeters.push(record);
	catalogue.prices.push(noChargePrice(record, atMs));
	return record;
}

/** Changes the fields given. */
export function updateMeter(state: State, id: string, { usageMeter }: Body<"updateMeter">, atMs: number): MeterRecord {
	findById(catalogueOf(state).usageMeters, id, "UsageMeter");
	const record = findById(changeableCatalogue(state).usageMeters, id, "UsageMeter");
	return Object.assign(record, given(usageMeter), { updatedAt: atMs });
}

/** Creates a feature. Products are linked to it through `featureIds`. */
export function createFeature(state: State, { feature }: Body<"createFeature">, atMs: number): Feature {
	requireModel(feature.pricingModelId);
	requireFree(catalogueOf(state).features, feature.slug);
	if (feature.type === "usage_credit_grant") findById(catalogueOf(state).usageMeters, feature.usageMeterId, "UsageMeter");
	const record = { ...newRecord("feature", atMs), organizationId, resourceId: null, ...blank(feature), active: true } as Feature;
	changeableCatalogue(state).features.push(record);
	return record;
}

function blank(feature: Body<"createFeature">["feature"]) {
	return feature.type === "toggle" ? { ...feature, amount: null, usageMeterId: null, renewalFrequency: null } : feature;
}

/** Changes a feature. Existing subscriptions keep their copy of it (`subscriptions/items.ts`). */
export function updateFeature(state: State, id: string, { feature }: Body<"updateFeature">, atMs: number): Feature {
	if (findById(catalogueOf(state).features, id, "Feature").type !== feature.type)
		throw new Refusal("BAD_REQUEST", "The type of a feature cannot be changed");
	const catalogue = changeableCatalogue(state);
	// Products lose a deactivated feature.
	if (feature.active === false) catalogue.productFeatures = catalogue.productFeatures.filter(({ featureId }) => featureId !== id);
	return Object.assign(findById(catalogue.features, id, "Feature"), given(feature), { id, updatedAt: atMs });
}

/** Creates a product with its first price. */
export function createProduct(state: State, { product, price, featureIds }: Body<"createProduct">, atMs: number): ProductRecord {
	requireModel(product.pricingModelId);
	if (product.default) throw new Refusal("FORBIDDEN", "Default products cannot be created: each pricing model comes with one");
	const now = catalogueOf(state);
	requireFree(now.products, product.slug);
	requireFree(activePrices(now), price.slug);
	requireFeatures(now, price.type, featureIds ?? []);
	const record: ProductRecord = {
		...newRecord("prod", atMs),
		name: product.name,
		description: product.description ?? null,
		imageURL: product.imageURL ?? null,
		organizationId,
		active: true,
		singularQuantityLabel: product.singularQuantityLabel ?? null,
		pluralQuantityLabel: product.pluralQuantityLabel ?? null,
		pricingModelId,
		default: false,
		slug: product.slug ?? null,
	};
	const catalogue = changeableCatalogue(state);
	catalogue.products.push(record);
	catalogue.prices.push(priceRecord(record.id, price, atMs));
	linkFeatures(catalogue, record.id, featureIds ?? []);
	return record;
}

/** Changes the fields given, and replaces the features if `featureIds` is given. */
export function updateProduct(state: State, id: string, { product, featureIds }: Body<"updateProduct">, atMs: number): ProductRecord {
	const now = catalogueOf(state);
	const before = findById(now.products, id, "Product");
	if (product.default !== undefined && product.default !== before.default)
		throw new Refusal("BAD_REQUEST", "Cannot change the default status of a product");
	if (before.default && product.slug !== undefined && product.slug !== before.slug)
		throw new Refusal("BAD_REQUEST", "Cannot change the slug of a default product");
	const type = now.prices.find((price) => price.productId === id)?.type ?? "subscription";
	if (featureIds !== undefined) requireFeatures(now, type, featureIds);
	const catalogue = changeableCatalogue(state);
	if (featureIds !== undefined) linkFeatures(catalogue, id, featureIds);
	const record = Object.assign(findById(catalogue.products, id, "Product"), given(product), { id, updatedAt: atMs });
	// A default product cannot be deactivated.
	if (record.default) record.active = true;
	return record;
}

/** Creates a price and deactivates the product's earlier ones: a product has one active price. */
export function createPrice(state: State, { price }: Body<"createPrice">, atMs: number): Price {
	const now = catalogueOf(state);
	const product = findById(now.products, price.productId, "Product");
	if (product.default) throw new Refusal("FORBIDDEN", "Cannot create additional prices for the default plan", { isStated: true });
	const siblings = now.prices.filter(({ productId }) => productId === product.id);
	if (siblings.some(({ type }) => type !== price.type))
		throw new Refusal("FORBIDDEN", "Cannot create a price of another type than the product's existing ones", { isStated: true });
	requireFree(
		activePrices(now).filter(({ productId }) => productId !== product.id),
		price.slug,
	);
	const catalogue = changeableCatalogue(state);
	for (const sibling of catalogue.prices) {
		if (sibling.productId === product.id) Object.assign(sibling, { isDefault: false, active: false, updatedAt: atMs });
	}
	const record = priceRecord(product.id, price, atMs);
	catalogue.prices.push(record);
	return record;
}

/** Changes a price. Its amount is immutable. */
export function updatePrice(state: State, id: string, { price }: Body<"updatePrice">, atMs: number): Price {
	const before = findById(catalogueOf(state).prices, id, "Price");
	if (price.type !== before.type) throw new Refusal("BAD_REQUEST", "Cannot change type after price creation. This field is immutable.");
	const ofDefault = catalogueOf(state).products.some((product) => product.default && product.id === before.productId);
	if (ofDefault && (price.isDefault !== before.isDefault || (price.slug !== undefined && price.slug !== before.slug)))
		throw new Refusal("FORBIDDEN", "The default price of the default product keeps its slug and its place", { isStated: true });
	if (before.type === "usage") throw new Refusal("BAD_REQUEST", "No charge prices are protected as fallback prices", { isStated: true });
	const record = findById(changeableCatalogue(state).prices, id, "Price");
	return Object.assign(record, given(price), { id, updatedAt: atMs });
}

function activePrices({ prices }: Catalogue): Price[] {
	return prices.filter(({ active }) => active);
}

function requireFeatures(catalogue: Catalogue, priceType: Price["type"], featureIds: readonly string[]): void {
	for (const id of featureIds) {
		const { type } = findById(catalogue.features, id, "Feature");
		if (type === "toggle" && priceType === "single_payment")
			throw new Refusal("INTERNAL_SERVER_ERROR", "Cannot associate toggle features with single payment products");
	}
}

function linkFeatures(catalogue: Catalogue, productId: string, featureIds: readonly string[]): void {
	const others = catalogue.productFeatures.filter((link) => link.productId !== productId);
	catalogue.productFeatures = [...others, ...featureIds.map((featureId) => ({ productId, featureId }))];
}

function priceRecord(productId: string, price: Body<"createProduct">["price"], atMs: number): Price {
	const common = {
		...newRecord("price", atMs),
		name: price.name ?? null,
		isDefault: true,
		unitPrice: price.unitPrice,
		usageEventsPerUnit: null,
		productId,
		active: true,
		currency,
		slug: price.slug ?? null,
		usageMeterId: null,
		pricingModelId,
	} as const;
	if (price.type === "single_payment")
		return { ...common, type: price.type, intervalUnit: null, intervalCount: null, trialPeriodDays: null };
	const { type, intervalUnit, intervalCount, trialPeriodDays = null } = price;
	return { ...common, type, intervalUnit, intervalCount, trialPeriodDays } satisfies SubscriptionPrice;
}

/** The fields that the request contains. */
export function given<T extends object>(fields: T): Partial<T> {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
