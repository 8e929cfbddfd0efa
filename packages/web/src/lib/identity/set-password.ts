import type { getSessionFromCtx } from "better-auth/api";
import { assertPasswordLength } from "./proofs.ts";

type Context = Parameters<typeof getSessionFromCtx>[0];

/** Sets a user's password, whether or not they had one. @throws {APIError} 400 if it is too short or too long */
export async function setPassword(ctx: Context, userId: string, password: string): Promise<void> {
	if (await addPassword(ctx, userId, password)) return;
	const hash = await ctx.context.password.hash(password);
	await ctx.context.internalAdapter.updatePassword(userId, hash);
}

/**
 * Sets the password of a user who has none: the account was opened by mail or a provider, or the sign-up failed halfway.
 * @returns whether there was none; otherwise nothing changes
 * @throws {APIError} 400 if it is too short or too long
 */
export async function addPassword(ctx: Context, userId: string, password: string): Promise<boolean> {
	const { internalAdapter } = ctx.context;
	assertPasswordLength(password, ctx.context.password.config);
	if (await internalAdapter.findCredentialAccount(userId)) return false;
	const hash = await ctx.context.password.hash(password);
	try {
		await internalAdapter.linkAccount({ userId, providerId: "credential", accountId: userId, password: hash });
		return true;
	} catch (error) {
		// Another request has added one meanwhile.
		if (await internalAdapter.findCredentialAccount(userId)) return false;
		throw error;
	}
}
