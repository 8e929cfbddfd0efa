import { and, eq } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import { accounts, passkeys } from "../../db/schema.ts";
import { PROOF_HEADER, type ProofWay } from "../../proof-ways.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { session } from "./session.ts";

/** How long a proof of identity lasts for actions on money, keys, email and deletion. */
const PROOF_MS = 10 * 60_000;

/**
 * Requires a recent proof of identity before an action on money, keys, email or deletion, because a session may be left open on a shared machine.
 * Passes requests without a session, which the route refuses itself.
 * @throws {ProblemError} 403 if the last proof in this session is older than 10 minutes
 */
export async function assertRecentProof(request: Request): Promise<void> {
	const found = await session(request);
	if (!found || Date.now() - found.provenAtMs <= PROOF_MS) return;
	refuse("proof-needed", t("problem_proof_needed"), { [PROOF_HEADER]: (await waysToProve(found.user.id)).join(",") });
}

async function waysToProve(userId: string): Promise<ProofWay[]> {
	const [password, passkey] = await Promise.all([
		db()
			.select({ id: accounts.id })
			.from(accounts)
			.where(and(eq(accounts.userId, userId), eq(accounts.providerId, "credential")))
			.limit(1),
		db().select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.userId, userId)).limit(1),
	]);
	return [...(password.length > 0 ? (["password"] as const) : []), ...(passkey.length > 0 ? (["passkey"] as const) : []), "mail"];
}
