import { z } from "zod";
import { textsOrNull } from "../../../testing/schemas/fields.ts";

export const metadata = z.record(z.string(), z.string());
export const address = z.strictObject(textsOrNull("city", "country", "line1", "line2", "postal_code", "state"));
export const billingDetails = z.strictObject({ ...textsOrNull("email", "name", "phone", "tax_id"), address });

/** A page of records, as an answer or inside another record. */
export const list = <Item extends z.ZodType>(item: Item) =>
	z.strictObject({ object: z.literal("list"), data: z.array(item), has_more: z.boolean(), url: z.string() });

/**
 * An expandable field: an id, or the record if the request expanded it. `answers.ts` validates the expanded record, because records
 * refer to each other in cycles.
 */
export const reference = (object: string) =>
	z.custom<string>((value) => typeof value === "string" || isRecord(value, object), `neither an id nor a ${object}`);

function isRecord(value: unknown, object: string): boolean {
	return typeof value === "object" && value !== null && Reflect.get(value, "object") === object;
}
