/** Finds the provider and its key: in the environment, else in .dev.vars, else in the state that the last `npm start` wrote. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";

export const providerNames = ["stripe", "flowglad"] as const;
export type ProviderName = (typeof providerNames)[number];

export interface Access {
	provider: ProviderName;
	/** Where the key was found, for messages. */
	from: string;
	key: string;
	/** Undefined for the provider's default address. */
	baseUrl: string | undefined;
}

/** The local state's folder, the same as in scripts/setup.mjs. */
export function stateFolder(): string {
	return process.env.PARLEY_STATE ?? join(".wrangler", "state");
}

/**
 * Returns the first place with a key for the provider, and the API address for that key.
 * @param wanted the provider given on the command line
 * @throws Error that names the variable to set
 */
export function findAccess(wanted: ProviderName | undefined): Access {
	const read = (path: string) => (existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {});
	const places: [from: string, vars: NodeJS.Dict<string>][] = [
		["the environment", process.env],
		[".dev.vars", read(".dev.vars")],
		["npm start", read(join(stateFolder(), "start.env"))],
	];
	for (const [from, vars] of places) {
		const configured = z
			.enum(providerNames)
			.optional()
			.safeParse(wanted ?? (vars.BILLING_PROVIDER || undefined));
		if (!configured.success) throw new Error(`BILLING_PROVIDER of ${from} is none of ${providerNames.join(", ")}`);
		const found = accessOf(from, vars).filter(({ provider }) => configured.data === undefined || provider === configured.data);
		if (found.length > 1) throw new Error(`${from} has keys for both providers: add --provider stripe or --provider flowglad.`);
		if (found[0]) return found[0];
	}
	const names = wanted === undefined ? "STRIPE_SECRET_KEY or FLOWGLAD_SECRET_KEY" : `${wanted.toUpperCase()}_SECRET_KEY`;
	throw new Error(`No key: set ${names} in the environment or .dev.vars, or run npm start once.`);
}

function accessOf(from: string, vars: NodeJS.Dict<string>): Access[] {
	return providerNames.flatMap((provider) => {
		const prefix = provider.toUpperCase();
		const key = vars[`${prefix}_SECRET_KEY`];
		return key ? [{ provider, from, key, baseUrl: vars[`${prefix}_BASE_URL`] || undefined }] : [];
	});
}
