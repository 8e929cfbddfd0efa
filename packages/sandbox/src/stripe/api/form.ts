/** Parses form-encoded parameters. All values are text, and unknown parameters are refused by name. */
import type { Context } from "hono";
import qs from "qs";
import { z } from "zod";
import type { Env } from "../../world.ts";
import { InvalidParameters } from "../refusal.ts";

// Limits on untrusted input; requests of Stripe's SDK stay far below.
// Plain objects, because qs otherwise drops keys that exist on every object, such as "constructor".
const limits = { depth: 10, arrayLimit: 1000, parameterLimit: 2000, plainObjects: true } as const;

export const text = z.string().min(1).max(5000);
export const integer = z
	.string()
	.regex(/^-?\d+$/, "Invalid integer")
	.transform(Number);
export const count = integer.refine((value) => value >= 0, "Invalid non-negative integer");
export const flag = z.enum(["true", "false"], "Invalid boolean").transform((value) => value === "true");
export const timestamp = integer.refine((value) => value >= 0, "Invalid timestamp");

/** A value that "" unsets: it becomes null. */
export const orNone = <Schema extends z.ZodType>(schema: Schema) => z.union([z.literal("").transform(() => null), schema]);

/** Metadata to merge. An empty value removes its key, an empty string removes all keys. */
export const metadata = z.union([
	z.literal("").transform(() => null),
	z
		.record(z.string().min(1).max(40), z.string().max(500))
		.refine((all) => Object.keys(all).length <= 50, "Metadata can have up to 50 keys"),
]);

/** A parameter that the sandbox accepts and ignores. */
export const ignored = z
	.unknown()
	.transform(() => undefined)
	.optional();

/** Epoch seconds, or a range of them. */
export const moment = z.union([timestamp, z.strictObject({ gt: timestamp, gte: timestamp, lt: timestamp, lte: timestamp }).partial()]);

const every = { expand: z.array(z.string()).optional() };

/** The parameters of an endpoint. Every endpoint accepts `expand`. */
export const params = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject({ ...every, ...shape });

/** An endpoint without parameters of its own. */
export const noParams = params({});

/**
 * Parses the parameters in the request's query and body.
 * @throws InvalidParameters
 */
export async function read<Schema extends z.ZodType>(c: Context<Env>, schema: Schema): Promise<z.infer<Schema>> {
	const { search } = new URL(c.req.url);
	const body = c.req.method === "GET" ? "" : await c.req.text();
	const given: unknown = { ...qs.parse(search.slice(1), limits), ...qs.parse(body, limits) };
	const parsed = schema.safeParse(given);
	if (!parsed.success) throw complaint(parsed.error.issues, given);
	return parsed.data;
}

function complaint(issues: readonly z.core.$ZodIssue[], given: unknown): InvalidParameters {
	const issue = innermost(issues[0]);
	if (issue === undefined) return new InvalidParameters("Invalid request");
	const { path } = issue;
	if (issue.code === "unrecognized_keys") {
		const param = nameOf([...path, ...issue.keys.slice(0, 1)]);
		return new InvalidParameters(`Received unknown parameter: ${param}`, { code: "parameter_unknown", param });
	}
	const param = nameOf(path);
	const value = valueAt(given, path);
	if (value === undefined) return new InvalidParameters(`Missing required param: ${param}.`, { code: "parameter_missing", param });
	if (value === "")
		return new InvalidParameters(
			`You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`,
			{ code: "parameter_invalid_empty", param },
		);
	const shown = typeof value === "string" ? value : JSON.stringify(value);
	if (issue.message === "Invalid integer")
		return new InvalidParameters(`Invalid integer: ${shown}`, { code: "parameter_invalid_integer", param });
	return new InvalidParameters(`Invalid ${param}: ${shown} (${issue.message})`, { param });
}

/** The issue to report for a union: that of its last member, which is the usual form. */
function innermost(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
	if (issue?.code !== "invalid_union") return issue;
	const inner = innermost(issue.errors.at(-1)?.[0]);
	return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}

/** "items[0][price]" */
function nameOf([first = "", ...rest]: readonly PropertyKey[]): string {
	return `${String(first)}${rest.map((part) => `[${String(part)}]`).join("")}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined), value);
}
