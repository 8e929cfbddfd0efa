import Stripe from "stripe";
import { z } from "zod";
import { statusOf } from "../errors.ts";
import { stripe } from "./client.ts";

/** How long after signing a webhook is accepted, by the machine's clock. */
const AGE_MAX_S = 300;

/** The fields we read from an event. Other signed events can have any shape: thin events of Stripe's v2 API, and types of later versions. */
export interface StripeEvent {
	id: string;
	/** Stripe's customer id; null if the event concerns none. */
	customer: string | null;
	/** Epoch milliseconds; null if the event has no time. */
	happenedAtMs: number | null;
	/** The customer's default payment method before the event changed it ("" for none); null if unchanged. */
	cardBefore: string | null;
}

const reference = z
	.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])
	.nullish()
	.catch(null);

const snapshot = z.object({
	id: z.string(),
	created: z.number().nullish().catch(null),
	data: z.object({
		object: z.object({ object: z.string(), id: z.string().nullish().catch(null), customer: reference, charge: reference }),
	}),
});

const changedCard = z.object({
	data: z.object({ previous_attributes: z.object({ invoice_settings: z.object({ default_payment_method: z.string().nullable() }) }) }),
});

/** Whether Stripe signed this body with our secret, at most 5 minutes ago. */
export async function isSigned(body: string, headers: Headers, secret: string): Promise<boolean> {
	const { signature } = stripe().webhooks;
	if (!signature) throw new Error("This version of stripe cannot verify a signature");
	try {
		return await signature.verifyHeaderAsync(
			body,
			headers.get("stripe-signature") ?? "",
			secret,
			AGE_MAX_S,
			Stripe.createSubtleCryptoProvider(),
		);
	} catch (error) {
		if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
		throw error;
	}
}

/**
 * Reads a signed body. Unless it names a customer in a form we know, the event concerns none of ours.
 * @throws the SDK's error when a disputed payment cannot be looked up
 */
export async function readEvent(body: string): Promise<StripeEvent> {
	const json = parsed(body);
	const { data: event } = snapshot.safeParse(json);
	if (!event) return { id: "", customer: null, happenedAtMs: null, cardBefore: null };
	const { object, id, customer, charge } = event.data.object;
	const happenedAtMs = typeof event.created === "number" ? event.created * 1000 : null;
	const of = (about: string | null | undefined) => ({ id: event.id, customer: about ?? null, happenedAtMs, cardBefore: null });
	if (object === "customer") {
		const changed = changedCard.safeParse(json).data?.data.previous_attributes.invoice_settings;
		return { ...of(id), cardBefore: changed ? (changed.default_payment_method ?? "") : null };
	}
	if (object === "dispute") return of(charge ? await customerOfCharge(charge) : null);
	return of(customer);
}

function parsed(body: string): unknown {
	try {
		return JSON.parse(body);
	} catch {
		return null;
	}
}

/** The customer of a charge; null if the charge belongs to another account or mode. */
async function customerOfCharge(id: string): Promise<string | null> {
	try {
		const { customer } = await stripe().charges.retrieve(id);
		return typeof customer === "string" ? customer : (customer?.id ?? null);
	} catch (error) {
		if (statusOf(error) !== 404) throw error;
		return null;
	}
}
