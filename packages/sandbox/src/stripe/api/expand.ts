/** Copies records for answers and replaces ids by records where `expand` names them. */
import type { State } from "../../state.ts";
import { refuse } from "../refusal.ts";
import type { StripeState } from "../state.ts";

const deepest = 4;

type Body = Record<string, unknown>;

/**
 * A copy of a record or list with each path of `expand` resolved.
 * @throws StripeRefusal for a path that cannot be expanded
 */
export function expanded(state: State, record: object, paths: readonly string[] = []): Body {
	const body: Body = structuredClone({ ...record });
	for (const path of paths) {
		const keys = path.split(".");
		const depth = keys.filter((key) => key !== "data").length;
		if (depth > deepest) throw refuse(`You cannot expand more than ${deepest} levels of a property. Property: ${path}`);
		follow(state, body, keys, path);
	}
	return body;
}

function follow(state: State, at: Body, [key = "", ...rest]: readonly string[], path: string): void {
	const value = key in at ? at[key] : included(state.stripe, at, key);
	if (value === undefined) throw refuse(`This property cannot be expanded (${path}).`);
	if (value === null) return;
	if (Array.isArray(value)) {
		at[key] = value.map((item) => shown(state, item, path));
		if (rest.length > 0) for (const item of at[key] as Body[]) follow(state, item, rest, path);
		return;
	}
	const there = shown(state, value, path);
	at[key] = there;
	if (rest.length > 0) follow(state, there, rest, path);
}

function shown(state: State, value: unknown, path: string): Body {
	if (typeof value === "object" && value !== null) return value as Body;
	const record = typeof value === "string" ? recordById(state.stripe, value) : undefined;
	if (record === undefined) throw refuse(`This property cannot be expanded (${path}).`);
	return structuredClone({ ...record });
}

const collections = [
	"customers",
	"products",
	"prices",
	"paymentMethods",
	"paymentIntents",
	"setupIntents",
	"charges",
	"refunds",
	"disputes",
	"checkoutSessions",
	"subscriptions",
	"schedules",
	"invoices",
	"invoiceItems",
] as const satisfies readonly (keyof StripeState)[];

function recordById(stripe: StripeState, id: string): object | undefined {
	if (stripe.deletedCustomerIds.includes(id)) return deletedCustomer(id);
	for (const name of collections) {
		const found = stripe[name].find((record) => record.id === id);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** The answer for a deleted customer. */
export function deletedCustomer(id: string) {
	return { id, object: "customer", deleted: true } as const;
}

/** Fields that appear only when expanded. */
function included(stripe: StripeState, at: Body, key: string): Body | undefined {
	const { id } = at;
	switch (`${at.object}.${key}`) {
		case "checkout.session.line_items":
			return list(
				stripe.checkoutOrders.find(({ sessionId }) => sessionId === id)?.lineItems ?? [],
				`/v1/checkout/sessions/${id}/line_items`,
			);
		case "invoice.payments":
			return list(
				stripe.invoicePayments.filter(({ invoice }) => invoice === id),
				`/v1/invoice_payments?invoice=${id}`,
			);
		case "invoice.confirmation_secret": {
			const payment = stripe.invoicePayments.find(({ invoice }) => invoice === id)?.payment.payment_intent;
			const secret = stripe.paymentIntents.find((one) => one.id === payment)?.client_secret;
			return typeof secret === "string" ? { type: "payment_intent", client_secret: secret } : undefined;
		}
		case "charge.refunds":
			return list(stripe.refunds.filter(({ charge }) => charge === id).toReversed(), `/v1/charges/${id}/refunds`);
		case "customer.subscriptions":
			return list(
				stripe.subscriptions.filter(({ customer, status }) => customer === id && status !== "canceled").toReversed(),
				`/v1/customers/${id}/subscriptions`,
			);
		default:
			return undefined;
	}
}

function list(data: readonly object[], url: string): Body {
	return { object: "list", data: structuredClone([...data]), has_more: false, url };
}
