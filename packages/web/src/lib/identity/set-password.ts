import type { getSessionFromCtx } from "better-auth/api";
import { assertPasswordLength } from "./proofs.ts";

/** Sets a user's password, whether or not there was one. @throws {APIError} 400 if it is too short or too long */
export async function setPassword(ctx: Parameters<typeof getSessionFromCtx>[0], userId: string, password: string): Promise<void> {
	const { internalAdapter } = ctx.context;
	assertPasswordLength(password, ctx.context.password.config);
	const hash = await ctx.context.password.hash(password);
	if (await internalAdapter.findCredentialAccount(userId)) return void (await internalAdapter.updatePassword(userId, hash));
	// An account that was opened by mail or by a provider, or a sign-up that died halfway, has none.
	await internalAdapter.linkAccount({ userId, providerId: "credential", accountId: userId, password: hash });
}
