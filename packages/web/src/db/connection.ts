import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

const connect = () => drizzle(env.DB, { schema });
// One per isolate: drizzle computes the relations of all tables, which took 4 % of the CPU time of our tests.
let connection: ReturnType<typeof connect> | undefined;

/** The D1 database: identities, Stripe customers and ledger reports. */
export function db(): ReturnType<typeof connect> {
	connection ??= connect();
	return connection;
}
