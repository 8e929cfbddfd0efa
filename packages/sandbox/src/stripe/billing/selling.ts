/** Changes to products and prices. */
import type { State } from "../../state.ts";
import { changing, emit } from "../events/emit.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import type { Price, Product } from "../records.ts";
import { InvalidParameters, refuse } from "../refusal.ts";
import { newPrice, newProduct } from "./catalogue.ts";
import { mergedMetadata } from "./metadata.ts";

type Metadata = Record<string, string> | null | undefined;

interface Recurrence {
	interval: "day" | "week" | "month" | "year";
	interval_count?: number | undefined;
}

interface ProductFields {
	name?: string | undefined;
	active?: boolean | undefined;
	description?: string | null | undefined;
	metadata?: Metadata;
	marketing_features?: { name: string }[] | undefined;
}

interface NewProduct extends ProductFields {
	id?: string | undefined;
	name: string;
	default_price_data?: { currency: string; unit_amount: number; recurring?: Recurrence | undefined; metadata?: Metadata } | undefined;
}

/**
 * Creates a product, with a first price if `default_price_data` is given.
 * @throws StripeRefusal
 */
export function createProduct(state: State, given: NewProduct, atSeconds: number): Product {
	const { id = newId("prod"), name, default_price_data: first } = given;
	if (state.stripe.products.some((one) => one.id === id))
		throw refuse("Product already exists.", { code: "resource_already_exists", param: "id" });
	const product = newProduct({ id, name, created: atSeconds });
	setProduct(product, given);
	state.stripe.products.push(product);
	emit(state, "product.created", product, atSeconds);
	if (first !== undefined) {
		const price = createPrice(state, { ...first, product: id }, atSeconds);
		changing(state, product, "product.updated", atSeconds, () => {
			product.default_price = price.id;
		});
	}
	return product;
}

/**
 * Changes the fields given.
 * @throws StripeRefusal
 */
export function updateProduct(
	state: State,
	product: Product,
	given: ProductFields & { default_price?: string | undefined },
	atSeconds: number,
): void {
	const preferred = given.default_price;
	if (preferred !== undefined) find(state.stripe.prices, preferred, "price", "default_price");
	changing(state, product, "product.updated", atSeconds, () => {
		setProduct(product, given);
		if (preferred !== undefined) product.default_price = preferred;
		product.updated = atSeconds;
	});
}

function setProduct(product: Product, { name, active, description, metadata, marketing_features }: ProductFields): void {
	if (name !== undefined) product.name = name;
	if (active !== undefined) product.active = active;
	if (description !== undefined) product.description = description;
	if (marketing_features !== undefined) product.marketing_features = marketing_features;
	product.metadata = mergedMetadata(product.metadata, metadata);
}

/**
 * Deletes a product without prices.
 * @throws StripeRefusal
 */
export function deleteProduct(state: State, product: Product, atSeconds: number): void {
	if (state.stripe.prices.some((price) => price.product === product.id))
		throw refuse("This product cannot be deleted because it has one or more user-created prices.");
	state.stripe.products = state.stripe.products.filter((one) => one !== product);
	emit(state, "product.deleted", product, atSeconds);
}

interface PriceFields {
	active?: boolean | undefined;
	lookup_key?: string | null | undefined;
	metadata?: Metadata;
	nickname?: string | null | undefined;
	tax_behavior?: "exclusive" | "inclusive" | "unspecified" | undefined;
	transfer_lookup_key?: boolean | undefined;
}

interface NewPrice extends PriceFields {
	currency: string;
	product?: string | undefined;
	product_data?: NewProduct | undefined;
	unit_amount?: number | undefined;
	unit_amount_decimal?: number | undefined;
	recurring?: Recurrence | undefined;
}

/**
 * Creates a price, with its product if `product_data` is given.
 * @throws StripeRefusal
 */
export function createPrice(state: State, given: NewPrice, atSeconds: number): Price {
	const amountCents = given.unit_amount ?? given.unit_amount_decimal;
	if (amountCents === undefined)
		throw new InvalidParameters("Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.", {
			code: "parameter_missing",
			param: "unit_amount",
		});
	if ((given.product === undefined) === (given.product_data === undefined))
		throw new InvalidParameters("You must specify either `product` or `product_data` when creating a price.", {
			code: "parameter_missing",
			param: "product",
		});
	const existing = given.product === undefined ? null : find(state.stripe.products, given.product, "product", "product");
	freeLookupKey(state, given, null, atSeconds);
	const product = existing ?? createProduct(state, given.product_data ?? { name: "" }, atSeconds);
	const price = newPrice({
		id: newId("price"),
		product: product.id,
		currency: given.currency,
		unit_amount: amountCents,
		recurring:
			given.recurring === undefined
				? null
				: {
						interval: given.recurring.interval,
						interval_count: given.recurring.interval_count ?? 1,
						meter: null,
						trial_period_days: null,
						usage_type: "licensed",
					},
		created: atSeconds,
	});
	setPrice(price, given);
	state.stripe.prices.push(price);
	emit(state, "price.created", price, atSeconds);
	return price;
}

/**
 * Changes the fields given, also in the copies that subscription items hold.
 * @throws StripeRefusal
 */
export function updatePrice(state: State, price: Price, given: PriceFields, atSeconds: number): void {
	freeLookupKey(state, given, price, atSeconds);
	changing(state, price, "price.updated", atSeconds, () => setPrice(price, given));
	for (const item of state.stripe.subscriptions.flatMap(({ items }) => items.data)) {
		if (item.price.id === price.id) item.price = structuredClone(price);
	}
}

function setPrice(price: Price, { active, lookup_key, metadata, nickname, tax_behavior }: PriceFields): void {
	if (active !== undefined) price.active = active;
	if (lookup_key !== undefined) price.lookup_key = lookup_key;
	if (nickname !== undefined) price.nickname = nickname;
	if (tax_behavior !== undefined) price.tax_behavior = tax_behavior;
	price.metadata = mergedMetadata(price.metadata, metadata);
}

/** Removes a lookup key from the price that has it, if the request allows the transfer. Only one price can have a key. */
function freeLookupKey(
	state: State,
	{ lookup_key: key, transfer_lookup_key: isTransfer = false }: PriceFields,
	own: Price | null,
	atSeconds: number,
): void {
	if (key === null || key === undefined) return;
	const holder = state.stripe.prices.find((price) => price.lookup_key === key && price !== own);
	if (holder === undefined) return;
	if (!isTransfer)
		throw refuse(
			`A price (\`${holder.id}\`) already uses that lookup key. You can set \`transfer_lookup_key=true\` to transfer it to this price.`,
			{ param: "lookup_key" },
		);
	changing(state, holder, "price.updated", atSeconds, () => {
		holder.lookup_key = null;
	});
}
