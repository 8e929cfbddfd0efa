import type Stripe from "stripe";
import { config } from "../../../config.ts";
import { isSigned, sign } from "../../identity/signature.ts";
import { isRefusal } from "../errors.ts";
import type { HostedPage } from "../port.ts";
import { currentAmong, stripe, subscriptionsOf } from "./client.ts";
import { idOf } from "./objects.ts";
import { CustomerGone, withCustomer } from "./own-customer.ts";

/** Metadata that marks our portal configuration, created by `billing:push`. */
const APP = "parley";

type SessionParams = Pick<Stripe.BillingPortal.SessionCreateParams, "flow_data">;

/** Stripe's page for cards, invoices and cancellation. It returns through `GET /api/stripe`, which puts a new card to use. */
export const openPortal = (customer: string, returnUrl: string): Promise<HostedPage> => open(customer, returnUrl, () => ({}));

/** Stripe's page for entering a card, which then returns here. */
export const openCardPage = (customer: string, returnUrl: string): Promise<HostedPage> =>
	open(customer, returnUrl, (return_url) => ({
		flow_data: { type: "payment_method_update", after_completion: { type: "redirect", redirect: { return_url } } },
	}));

/** The return URL carries the previous default card, signed, so that no link on another site can choose which card pays. */
const signedCard = (customer: string, card: string) => `${card}.${sign(textOf(customer, card), config().authSecret)}`;
const textOf = (customer: string, card: string) => `the card of ${customer} before the portal: ${card}`;

/** Puts a card entered in the portal to use. Does nothing if `signed`, from the return URL, is not for this customer. */
export async function returnFromPortal(externalId: string, signed: string): Promise<void> {
	const end = signed.lastIndexOf(".");
	const [before, signature] = [signed.slice(0, Math.max(0, end)), signed.slice(end + 1)];
	const adopt = async (customer: string) => {
		if (isSigned(textOf(customer, before), signature, [config().authSecret])) await adoptCardOf(customer, before);
	};
	return withCustomer(externalId, adopt, () => {});
}

/**
 * The portal's card becomes the customer's default, but a plan bought at checkout has its own card, which Stripe keeps charging. So a default
 * changed in the portal is copied to each plan and to its schedule, if any.
 * @param before the default before the change; "" for none
 */
export function adoptNewCard(externalId: string, before: string): Promise<void> {
	return withCustomer(
		externalId,
		(customer) => adoptCardOf(customer, before),
		() => {},
	);
}

async function adoptCardOf(customer: string, before: string): Promise<void> {
	const client = stripe();
	const card = await defaultCardOf(customer);
	if (card === "" || card === before) return;
	for (const { id, schedule } of currentAmong(await subscriptionsOf(client, customer))) {
		await client.subscriptions.update(id, { default_payment_method: card });
		if (typeof schedule !== "object" || schedule?.status !== "active") continue;
		await client.subscriptionSchedules.update(schedule.id, { default_settings: { default_payment_method: card } });
	}
}

async function open(customer: string, returnUrl: string, paramsFor: (returnUrl: string) => SessionParams): Promise<HostedPage> {
	const [configuration, card] = await Promise.all([ownConfiguration(), defaultCardOf(customer)]);
	const { pathname, search } = new URL(returnUrl);
	const return_url = `${new URL("/api/stripe", returnUrl).href}?${new URLSearchParams({ card: signedCard(customer, card), back: pathname + search })}`;
	const own = configuration === null ? {} : { configuration };
	return stripe().billingPortal.sessions.create({ customer, return_url, ...own, ...paramsFor(return_url) });
}

/** Our portal configuration; null if there is none, so that the account's default applies. */
async function ownConfiguration(): Promise<string | null> {
	try {
		const { data } = await stripe().billingPortal.configurations.list({ active: true, limit: 100 });
		return data.find(({ metadata }) => metadata?.app === APP)?.id ?? null;
	} catch (error) {
		// A restricted key may lack the permission.
		if (!isRefusal(error)) throw error;
		return null;
	}
}

/** The customer's default payment method; "" for none. */
async function defaultCardOf(customer: string): Promise<string> {
	const account = await stripe().customers.retrieve(customer);
	if (account.deleted) throw new CustomerGone();
	return idOf(account.invoice_settings.default_payment_method) ?? "";
}
