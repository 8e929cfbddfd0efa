import type { Context } from "hono";
import type { z } from "zod";
import type { Env } from "../world.ts";

/** The body does not fit its schema: 400 with zod's issues as `error` (flowglad.md l). */
export class InvalidBody extends Error {
	readonly issues: z.core.$ZodIssue[];

	constructor(issues: z.core.$ZodIssue[]) {
		super("Invalid body");
		this.issues = issues;
	}
}

/** The body is not JSON: 400 without a code (flowglad.md l). */
export class MalformedJson extends Error {}

/**
 * Parses the request's JSON body.
 * @throws MalformedJson, InvalidBody
 */
export async function readBody<Schema extends z.ZodType>(c: Context<Env>, schema: Schema): Promise<z.infer<Schema>> {
	let json: unknown;
	try {
		json = await c.req.json();
	} catch {
		throw new MalformedJson("Invalid JSON in request body");
	}
	const parsed = schema.safeParse(json);
	if (!parsed.success) throw new InvalidBody(parsed.error.issues);
	return parsed.data;
}
