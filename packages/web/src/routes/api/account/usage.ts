import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { ownUsageOf } from "../../../lib/identity/own-data.ts";
import { identify } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

const REQUEST_ID = z.string().max(256).nullable();

export const Route = createFileRoute("/api/account/usage")({
	server: {
		handlers: api({
			/** A page of the subject's own ledger, for an export. */
			GET: async ({ request }) => {
				const after = REQUEST_ID.safeParse(new URL(request.url).searchParams.get("after"));
				if (!after.success) refuse("invalid-request", t("problem_field"));
				const { key } = await identify(request);
				return Response.json(await ownUsageOf(key, after.data));
			},
		}),
	},
});
