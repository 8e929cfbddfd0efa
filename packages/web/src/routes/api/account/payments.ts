import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { readBilling } from "../../../lib/payments/actions.ts";
import { capabilities } from "../../../lib/payments/provider.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/account/payments")({
	server: {
		handlers: api({
			/** The account's own plans and links to its invoices, for an export. An organization's belong to its owners. */
			GET: async ({ request }) => {
				const user = await userOf(request);
				if (!user) refuse("not-signed-in", t("problem_sign_in_first"));
				if (!capabilities().sells) return Response.json({ plans: [], paymentMethods: [], invoices: [] });
				const { plans, paymentMethods, invoices } = await readBilling({ ...user, organization: null });
				return Response.json({ plans, paymentMethods, invoices });
			},
		}),
	},
});
