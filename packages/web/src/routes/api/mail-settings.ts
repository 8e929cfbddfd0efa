import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { api, readBody } from "../../lib/http/api.ts";
import { refuse } from "../../lib/http/problem.ts";
import { keepTellsUsage } from "../../lib/identity/email/settings.ts";
import { userOf } from "../../lib/identity/subject.ts";
import { t } from "../../text/text.ts";

const settings = z.strictObject({ tellsUsage: z.boolean() });

export const Route = createFileRoute("/api/mail-settings")({
	server: {
		handlers: api({
			POST: async ({ request }) => {
				const user = await userOf(request);
				if (!user) refuse("not-signed-in", t("problem_sign_in_for_mails"));
				const { tellsUsage } = await readBody(request, settings);
				await keepTellsUsage(user.userId, tellsUsage);
				return Response.json({ tellsUsage });
			},
		}),
	},
});
