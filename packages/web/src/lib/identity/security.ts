import { and, eq, inArray } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { accounts } from "../../db/schema.ts";
import { PROVIDERS } from "../../sign-in-providers.ts";
import type { SecurityView } from "../../view/identity.ts";
import { offeredProviders } from "./oauth-providers.ts";
import { sessionsOf } from "./own-session.ts";
import { passkeysOf } from "./passkey.ts";
import { recoveryLeft } from "./second-factor.ts";

/** A user's sign-in methods and sessions. `hereId`: the requesting session. */
export async function securityOf(userId: string, hereId: string): Promise<SecurityView> {
	const linked = db()
		.select({ providerId: accounts.providerId })
		.from(accounts)
		.where(and(eq(accounts.userId, userId), inArray(accounts.providerId, ["credential", ...PROVIDERS])));
	const [ways, passkeys, left, sessions] = await Promise.all([
		linked,
		passkeysOf(userId),
		recoveryLeft(userId),
		sessionsOf(userId, hereId),
	]);
	const has = (id: string) => ways.some(({ providerId }) => providerId === id);
	return {
		hasPassword: has("credential"),
		passkeys,
		recoveryLeft: left,
		// A provider that is no longer offered can still be unlinked.
		providers: PROVIDERS.filter((id) => has(id) || offeredProviders().includes(id)).map((id) => ({ id, isLinked: has(id) })),
		sessions,
	};
}
