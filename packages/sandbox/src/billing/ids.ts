import { nanoid } from "nanoid";

/** Flowglad's id prefixes (flowglad.md l). */
type IdPrefix =
	| "cust"
	| "sub"
	| "si"
	| "sub_feature"
	| "usage_event"
	| "chckt_session"
	| "inv"
	| "inv_li"
	| "pm"
	| "prch"
	| "pym"
	| "billing_run"
	| "billing_period"
	| "prod"
	| "price"
	| "feature"
	| "webhook";

/** A new random id. */
export function newId(prefix: IdPrefix): string {
	return `${prefix}_${nanoid()}`;
}

/** The fields every new record has. */
export function newRecord(prefix: IdPrefix, atMs: number) {
	return {
		id: newId(prefix),
		createdAt: atMs,
		updatedAt: atMs,
		livemode: false,
	};
}
