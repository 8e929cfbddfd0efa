import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { LEDGER_ROW_ID, REQUEST_ID } from "../../../input.ts";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertAdmin } from "../../../lib/identity/admin.ts";
import { organizationKey, userKey } from "../../../lib/identity/subject-key.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/admin/corrections")({
	server: { handlers: api({ POST: ({ request }) => correct(request) }) },
});

const name = z.string().regex(REQUEST_ID);
const body = z
	.object({
		userId: name.optional(),
		organizationId: name.optional(),
		/** Idempotency key of the correction. */
		id: name,
		units: z
			.int()
			.min(-1000)
			.max(1000)
			.refine((units) => units !== 0, { error: () => t("admin_not_zero") }),
		/** The row's id in the ledger. In an organization's ledger it starts with the member's key: `user:<id>:<requestId>`. */
		requestId: z.string().regex(LEDGER_ROW_ID).optional(),
	})
	.transform(({ userId, organizationId, ...correction }, context) => {
		if (userId !== undefined && organizationId === undefined) return { key: userKey(userId), ...correction };
		if (organizationId !== undefined && userId === undefined) return { key: organizationKey(organizationId), ...correction };
		context.addIssue({ code: "custom", message: t("admin_name_one") });
		return z.NEVER;
	});

/** Adds a correction to a user's or organization's ledger, for one request or for the current window. Existing rows never change. */
async function correct(request: Request): Promise<Response> {
	await assertAdmin(request);
	const { key, id, units, requestId = null } = await readBody(request, body);
	const ledger = env.USAGE_LEDGER.getByName(key);
	if (!(await ledger.correct(key, id, units, requestId))) {
		refuse("correction-contradicts-the-ledger", t("admin_correction_used"));
	}
	return Response.json(await ledger.usage(key), { status: 201 });
}
