// `npm run verify:flowglad -- <userId>` checks that the configured key finds an account's customer, and prints it (seed 000, "Verification").
// The key is FLOWGLAD_SECRET_KEY of the environment, of .dev.vars, or of the last `npm start`, in this order.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { FlowgladServerAdmin } from "@flowglad/server";

const TIMEOUT_MS = 10_000;

interface Access {
	from: string;
	apiKey: string;
	baseURL: string | undefined;
}

/** The first place with a key, and the API that it is for; null without any. */
function findAccess(): Access | null {
	const state = process.env.PARLEY_STATE ?? join(".wrangler", "state");
	const read = (path: string) => (existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {});
	const places: [from: string, vars: NodeJS.Dict<string>][] = [
		["the environment", process.env],
		[".dev.vars", read(".dev.vars")],
		["npm start", read(join(state, "start.env"))],
	];
	for (const [from, { FLOWGLAD_SECRET_KEY: apiKey, FLOWGLAD_BASE_URL: baseURL }] of places) {
		if (apiKey) return { from, apiKey, baseURL: baseURL || undefined };
	}
	return null;
}

async function verify(userId: string | undefined): Promise<void> {
	if (!userId) throw new Error("Whose? npm run verify:flowglad -- <userId>");
	const access = findAccess();
	if (!access) throw new Error("Flowglad not configured: set FLOWGLAD_SECRET_KEY in the environment or .dev.vars, or run npm start once.");
	const { from, apiKey, baseURL } = access;
	const server = new FlowgladServerAdmin({ apiKey, baseURL, timeout: TIMEOUT_MS, maxRetries: 0 });
	const { customer, subscriptions } = await server.getCustomerBilling(userId).catch((error: unknown) => {
		throw new Error(reasonOf(error, userId, baseURL ?? "Flowglad"));
	});
	console.log(`Asked ${baseURL ?? "Flowglad"} with the key of ${from}.`);
	console.log("Customer:", customer);
	console.log("Subscriptions:", subscriptions);
}

function reasonOf(error: unknown, userId: string, where: string): string {
	const status = error instanceof Error && "status" in error ? error.status : undefined;
	if (status === 404) return `Customer not found: ${where} knows nobody by the id ${userId}.`;
	if (status === 401) return `${where} does not take this key, or has had too many calls with it: it says the same to both.`;
	if (status === undefined) return `${where} could not be reached: ${error}`;
	return `${where} answered ${status}: ${error}`;
}

try {
	await verify(process.argv[2]);
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
