/** The plan file: the one source of what is sold, for how much, and of how many requests come with it. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const text = z.string().trim().min(1);
const positive = z.number().int().min(1);
// Slugs are lookup keys at Stripe and parts of other slugs at Flowglad, which keeps the suffix for itself.
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
	/** AI requests that come with it: each interval, or once for a top-up. */
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
		/** What requests are counted on. */
		meter: z.strictObject({ slug, name: text }),
		currency: z.string().regex(/^[A-Z]{3}$/, "is not three capital letters"),
		/** What everyone has who pays nothing. It comes without credits: the app's own limits count its requests. */
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

/** A plan or a top-up: what has a price. */
export interface Offer {
	/** As messages call it. */
	label: string;
	slug: string;
	name: string;
	description: string;
	amountCents: number;
	/** Null for a top-up, which is paid once. */
	interval: "month" | "year" | null;
	requests: number;
	features: string[];
	trialDays: number;
}

/** Everything with a price, in the order of the file. */
export function offersOf({ plans, topUps }: PlanFile): Offer[] {
	return [
		...plans.map((one) => ({ ...one, label: `plan ${one.slug}` })),
		...topUps.map((one) => ({ ...one, label: `top-up ${one.slug}`, interval: null, features: [], trialDays: 0 })),
	];
}

/** The name of a feature as a slug: "First in line" is `first_in_line`. */
export function featureSlug(name: string): string {
	return name
		.toLowerCase()
		.replaceAll(/[^\p{L}\p{N}]+/gu, "_")
		.replaceAll(/^_|_$/g, "");
}

/** Checks what a plan file says. @throws Error with one line for each fault, which names where it is */
export function parsePlans(json: unknown, fileName = "plans.json"): PlanFile {
	const parsed = planFile.safeParse(json);
	if (parsed.success) return parsed.data;
	const faults = parsed.error.issues.map(({ path, message }) => `${fileName}: ${z.core.toDotPath(path) || "the file"}: ${message}`);
	throw new Error(faults.join("\n"));
}

/** The plan file of the repository. */
export function readPlans(): PlanFile {
	return parsePlans(JSON.parse(readFileSync(new URL("../plans.json", import.meta.url), "utf8")));
}
