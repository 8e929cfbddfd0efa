import type { getSessionFromCtx } from "better-auth/api";
import { assertPasswordLength } from "./proofs.ts";

/** Sets a user's password, whether or not there was one. @throws {APIError} 400 if it is too short or too long */
export async function setPassword(ctx: Parameters<typeof getSessionFromCtx>[0], userId: string, password: string): Promise<void> {
	const { internalAdapter } = ctx.context;
	assertPasswordLength(password, ctx.context.password.config);
	const hash = await ctx.context.password.hash(password);
	const replace = async () => {
		const has = await internalAdapter.findCredentialAccount(userId);
		if (has) await internalAdapter.updatePassword(userId, hash);
		return has !== null;
	};
	if (await replace()) return;
	try {
		// An account that was opened by mail or by a provider, or a sign-up that died halfway, has none.
		await internalAdapter.linkAccount({ userId, providerId: "credential", accountId: userId, password: hash });
	} catch (error) {
		// Another request may have set one since; the later one counts, as with any two changes.
		if (!(await replace())) throw error;
	}
}
