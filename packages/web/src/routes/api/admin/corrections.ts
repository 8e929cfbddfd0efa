import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { describe } from "../../../lib/chat/request.ts";
import { api, readJson } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertAdmin } from "../../../lib/identity/admin.ts";
import { organizationKey, userKey } from "../../../lib/identity/subject-key.ts";

export const Route = createFileRoute("/api/admin/corrections")({
	server: { handlers: api({ POST: ({ request }) => correct(request) }) },
});

const name = z.string().regex(/^[A-Za-z0-9_:-]{1,64}$/);
const body = z
	.object({
		userId: name.optional(),
		organizationId: name.optional(),
		/** Of the correction: sent twice it counts once. */
		id: name,
		units: z
			.int()
			.min(-1000)
			.max(1000)
			.refine((units) => units !== 0, "must not be 0"),
		/** As the ledger has it: an organization's has the member before it, `user:<id>:<requestId>`. */
		requestId: z
			.string()
			.regex(/^[A-Za-z0-9_:-]{1,160}$/)
			.optional(),
	})
	.transform(({ userId, organizationId, ...correction }, context) => {
		if (userId !== undefined && organizationId === undefined) return { key: userKey(userId), ...correction };
		if (organizationId !== undefined && userId === undefined) return { key: organizationKey(organizationId), ...correction };
		context.addIssue({ code: "custom", message: "name a userId or an organizationId" });
		return z.NEVER;
	});

/** Writes a correction into a user's or organization's ledger: an entry of its own, for one request or the present window. No row is ever changed. */
async function correct(request: Request): Promise<Response> {
	await assertAdmin(request);
	const parsed = body.safeParse(await readJson(request));
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	const { key, id, units, requestId = null } = parsed.data;
	const ledger = env.USAGE_LEDGER.getByName(key);
	if (!(await ledger.correct(key, id, units, requestId))) {
		refuse("correction-contradicts-the-ledger", "The id was used for another correction, or the request is unknown or counts less.");
	}
	return Response.json(await ledger.usage(key), { status: 201 });
}
