/** Stripe's pagination: newest first, `limit` (default 10, at most 100), and the id to continue before or after. */
import type { z } from "zod";
import { InvalidParameters, missing } from "../refusal.ts";
import { count, moment, text } from "./form.ts";

/** The parameters of pagination. */
export const paging = {
	limit: count.refine((value) => value >= 1 && value <= 100, "must be from 1 to 100").optional(),
	starting_after: text.optional(),
	ending_before: text.optional(),
};

/** Pagination with a range of creation times. */
export const listing = { ...paging, created: moment.optional() };

interface Wanted {
	limit?: number | undefined;
	starting_after?: string | undefined;
	ending_before?: string | undefined;
	created?: z.infer<typeof moment> | undefined;
}

/**
 * One page of `records`, which must be ordered oldest first.
 * @throws StripeRefusal for an unknown id
 */
export function page<T extends { id: string; created?: number }>(url: string, records: readonly T[], wanted: Wanted) {
	const { limit = 10, starting_after, ending_before, created } = wanted;
	if (starting_after !== undefined && ending_before !== undefined)
		throw new InvalidParameters("Received both starting_after and ending_before parameters. Please pass in only one.");
	const all = records.filter((record) => created === undefined || isWithin(record.created ?? 0, created)).toReversed();
	const indexOf = (id: string, param: string) => {
		const index = all.findIndex((record) => record.id === id);
		if (index === -1) throw missing("object", id, param);
		return index;
	};
	const end = ending_before === undefined ? undefined : indexOf(ending_before, "ending_before");
	const start =
		end !== undefined ? Math.max(0, end - limit) : starting_after === undefined ? 0 : indexOf(starting_after, "starting_after") + 1;
	const data = all.slice(start, end ?? start + limit);
	const hasMore = end === undefined ? start + limit < all.length : start > 0;
	return { object: "list" as const, data, has_more: hasMore, url };
}

function isWithin(created: number, range: z.infer<typeof moment>): boolean {
	if (typeof range === "number") return created === range;
	const { gt = -1, gte = 0, lt = Number.POSITIVE_INFINITY, lte = Number.POSITIVE_INFINITY } = range;
	return created > gt && created >= gte && created < lt && created <= lte;
}
