import { customAlphabet } from "nanoid";

const random = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 24);

/** Stripe's id prefixes. */
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
	| "di"
	| "bps"
	| "bpc"
	| "mtr_test"
	| "we"
	| "whsec"
	| "evt"
	| "req";

/** A new random id. */
export function newId(prefix: IdPrefix): string {
	return `${prefix}_${random()}`;
}

/** The client secret of an intent. Nothing uses it here: browsers do not confirm payments in the sandbox. */
export function clientSecret(id: string): string {
	return `${id}_secret_${random()}`;
}
