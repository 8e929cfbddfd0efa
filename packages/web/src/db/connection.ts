import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

/** The database of identities (D1). */
export function db() {
	return drizzle(env.DB, { schema });
}
