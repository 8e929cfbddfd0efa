import { customAlphabet } from "nanoid";

const random = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 24);

/** Stripe's own prefixes. */
type IdPrefix =
	| "cus"
	| "prod"
	| "price"
	| "pm"
	| "pi"
	| "seti"
	| "ch"
	| "txn"
	| "re"
	| "du"
	| "cs_test"
	| "li"
	| "sub"
	| "si"
	| "sub_sched"
	| "in"
	| "il"
	| "ii"
	| "inpay"
	| "bps"
	| "mtr_test"
	| "we"
	| "whsec"
	| "evt"
	| "req";

export function newId(prefix: IdPrefix): string {
	return `${prefix}_${random()}`;
}

/** A secret as clients get for an intent: of no use here, since nobody confirms in a browser. */
export function clientSecret(id: string): string {
	return `${id}_secret_${random()}`;
}
