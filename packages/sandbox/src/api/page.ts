/** Flowglad's cursor pagination: `?limit=` (default 10, at most 100) and an opaque `?cursor=`. */
import type { Context } from "hono";
import { z } from "zod";
import type { Env } from "../world.ts";
import { InvalidBody } from "./body.ts";

const query = z.object({
	limit: z.coerce.number().int().min(1).max(100).default(10),
	cursor: z.string().default(""),
});

export interface Page<T> {
	data: T[];
	currentCursor?: string;
	nextCursor?: string;
	hasMore: boolean;
	total: number;
}

/**
 * The requested page, oldest records first. A cursor names the last record of the previous page, so new records do not shift pages.
 * @throws InvalidBody for an invalid limit
 */
export function pageOf<T extends { id: string }>(c: Context<Env>, records: readonly T[]): Page<T> {
	const parsed = query.safeParse(c.req.query());
	if (!parsed.success) throw new InvalidBody(parsed.error.issues);
	const { limit, cursor } = parsed.data;
	const lastId = Buffer.from(cursor, "base64url").toString();
	const start = records.findIndex(({ id }) => id === lastId) + 1;
	const data = records.slice(start, start + limit);
	const last = data.at(-1);
	const hasMore = start + data.length < records.length;
	return {
		data,
		...(cursor === "" ? {} : { currentCursor: cursor }),
		...(hasMore && last !== undefined ? { nextCursor: Buffer.from(last.id).toString("base64url") } : {}),
		hasMore,
		total: records.length,
	};
}
