/** Short forms for schemas of flat records: several fields of one kind at once. */
import { z } from "zod";

function each<Schema extends z.ZodType>(schema: Schema) {
	return <Name extends string>(...names: Name[]): Record<Name, Schema> =>
		Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, Schema>;
}

export const texts = each(z.string());
export const textsOrNull = each(z.string().nullable());
export const numbers = each(z.number());
export const numbersOrNull = each(z.number().nullable());
export const flags = each(z.boolean());
/** Fields that the real service may fill and the sandbox never does. */
export const nulls = each(z.null());
