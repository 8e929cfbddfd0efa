import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { ID } from "../../../input.ts";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertAdmin } from "../../../lib/identity/admin.ts";
import { userKey } from "../../../lib/identity/subject-key.ts";
import { capabilities } from "../../../lib/payments/provider.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/admin/grants")({
	server: { handlers: api({ POST: ({ request }) => grant(request) }) },
});

const name = z.string().regex(ID);
const body = z.object({
	userId: name,
	/** Idempotency key of the grant. */
	id: name,
	units: z.int().min(1).max(100_000),
	/** When the credits expire; default: never. */
	expiresAt: z.iso.datetime().optional(),
});

/** Grants a user requests that are spent after their day or plan. Refused if the provider holds the credits. */
async function grant(request: Request): Promise<Response> {
	await assertAdmin(request);
	const { userId, id, units, expiresAt } = await readBody(request, body);
	if (capabilities().keepsCredits) {
		refuse("credits-are-kept-elsewhere", t("billing_credits_elsewhere"));
	}
	const key = userKey(userId);
	const ledger = env.USAGE_LEDGER.getByName(key);
	if (!(await ledger.grant(key, `admin:${id}`, units, expiresAt === undefined ? null : Date.parse(expiresAt)))) {
		refuse("grant-contradicts-the-ledger", t("admin_grant_used"));
	}
	return Response.json({ usage: await ledger.usage(key) }, { status: 201 });
}
