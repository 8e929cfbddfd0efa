import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

/** The D1 database: identities, Stripe customers and ledger reports. */
export function db() {
	return drizzle(env.DB, { schema });
}
