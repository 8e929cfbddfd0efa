/** The plan file: the single source of plans, prices and included requests. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const text = z.string().trim().min(1);
const positive = z.number().int().min(1);
// Slugs are lookup keys at Stripe, and prefixes of other slugs at Flowglad, which reserves the suffix.
const slug = z
	.string()
	.regex(/^[a-z][a-z0-9_]*$/, "is not lower case letters, digits and _")
	.max(100)
	.refine((value) => !value.endsWith("_no_charge"), "ends in _no_charge, which Flowglad keeps for itself");

const offer = {
	slug,
	name: text,
	description: text,
	amountCents: positive,
	/** Included AI requests: per interval, or once for a top-up. */
	requests: positive,
};

const feature = text.refine((name) => !name.includes(","), "has a comma, which separates features at Stripe");

const plan = z.strictObject({
	...offer,
	interval: z.enum(["month", "year"]),
	features: z
		.array(feature)
		.refine((names) => names.join(", ").length <= 500, "is longer than the 500 characters that Stripe keeps")
		.refine((names) => new Set(names.map(featureSlug)).size === names.length, "names a feature twice"),
	trialDays: z.number().int().min(0).max(730),
});

const planFile = z
	.strictObject({
		/** The meter that counts requests. */
		meter: z.strictObject({ slug, name: text }),
		currency: z.string().regex(/^[A-Z]{3}$/, "is not three capital letters"),
		/** The plan of users who pay nothing. It has no credits, because the app's own limits count its requests. */
		free: z.strictObject({ name: text, description: text }),
		plans: z.array(plan),
		topUps: z.array(z.strictObject(offer)),
	})
	.superRefine(({ plans, topUps }, context) => {
		const seen = new Set(["free"]);
		const offers = [
			...plans.map((one, at) => ({ ...one, path: ["plans", at] })),
			...topUps.map((one, at) => ({ ...one, path: ["topUps", at] })),
		];
		for (const { slug, path } of offers) {
			if (seen.has(slug)) context.addIssue({ code: "custom", path: [...path, "slug"], message: `"${slug}" is taken already` });
			seen.add(slug);
		}
	});

export type PlanFile = z.infer<typeof planFile>;

/** A plan or top-up, that is, anything with a price. */
export interface Offer {
	/** Its name in messages. */
	label: string;
	slug: string;
	name: string;
	description: string;
	amountCents: number;
	/** Null for a top-up, which is a one-time payment. */
	interval: "month" | "year" | null;
	requests: number;
	features: string[];
	trialDays: number;
}

/** All plans and top-ups, in the order of the file. */
export function offersOf({ plans, topUps }: PlanFile): Offer[] {
	return [
		...plans.map((one) => ({ ...one, label: `plan ${one.slug}` })),
		...topUps.map((one) => ({ ...one, label: `top-up ${one.slug}`, interval: null, features: [], trialDays: 0 })),
	];
}

/** Converts a feature's name into a slug: "First in line" becomes `first_in_line`. */
export function featureSlug(name: string): string {
	return name
		.toLowerCase()
		.replaceAll(/[^\p{L}\p{N}]+/gu, "_")
		.replaceAll(/^_|_$/g, "");
}

/** Parses and validates a plan file. @throws Error with one line per fault, starting with its path */
export function parsePlans(json: unknown, fileName = "plans.json"): PlanFile {
	const parsed = planFile.safeParse(json);
	if (parsed.success) return parsed.data;
	const faults = parsed.error.issues.map(({ path, message }) => `${fileName}: ${z.core.toDotPath(path) || "the file"}: ${message}`);
	throw new Error(faults.join("\n"));
}

/** Reads the repository's plan file. */
export function readPlans(): PlanFile {
	return parsePlans(JSON.parse(readFileSync(new URL("../plans.json", import.meta.url), "utf8")));
}
