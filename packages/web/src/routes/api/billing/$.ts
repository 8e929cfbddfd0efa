import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { getBillingSummary } from "../../../lib/billing.ts";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse, refuseAction } from "../../../lib/http/problem.ts";
import { assertRecentProof } from "../../../lib/identity/recent-proof.ts";
import { type User, userOf } from "../../../lib/identity/subject.ts";
import { activatePlan, addCard, buy, cancel, changePlan, openPortal, readBilling, resume } from "../../../lib/payments/actions.ts";
import { capabilities } from "../../../lib/payments/provider.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/billing/$")({
	server: {
		handlers: api({
			GET: ({ request, params }) => read(request, params._splat ?? ""),
			POST: ({ request, params }) => act(request, params._splat ?? ""),
		}),
	},
});

const name = z.string().min(1).max(128);
const path = z.string().max(2048);
const plan = { planId: name };

type Action = (request: Request, user: User) => Promise<object>;

/** `POST /api/billing/…`, for every provider. */
const ACTIONS: Record<string, Action> = {
	/** Usage, after reading the provider, for a page that returns from a checkout. */
	refresh: (request, subject) => getBillingSummary(request, { subject, afterCheckout: true }),
	/** Only requires a recent proof, before a page opens the portal. */
	prove: async () => ({}),
	checkout: action(
		z.object({ priceSlug: name.optional(), successUrl: path.optional(), cancelUrl: path.optional() }),
		async (request, user, body) => ({ url: (await buy(request, user, body)).url }),
	),
	"payment-method": action(
		z.object({ planId: name.optional(), returnUrl: path.default("/account/plan") }),
		async (request, user, { planId, returnUrl }) => {
			const { url } = await addCard(request, user, planId, { successUrl: returnUrl, cancelUrl: returnUrl });
			return { url };
		},
	),
	activate: action(z.object({ ...plan, successUrl: path, cancelUrl: path }), async (request, user, { planId, ...pages }) => {
		const { url } = await activatePlan(request, user, planId, pages);
		return { url };
	}),
	cancel: action(z.object({ ...plan, when: z.enum(["now", "period-end"]) }), async (_, user, { planId, when }) => {
		await cancel(user, planId, when);
		return {};
	}),
	uncancel: action(z.object(plan), async (_, user, { planId }) => {
		await resume(user, planId);
		return {};
	}),
	change: action(z.object({ ...plan, priceSlug: name }), async (request, user, { planId, priceSlug }) => {
		const change = await changePlan(request, user, planId, { priceSlug });
		const { takesEffect } = change;
		if (takesEffect === "declined") {
			refuseAction("payment-declined", "unchanged", t("billing_declined"));
		}
		return takesEffect === "not-yet" ? { takesEffect, url: change.url } : { takesEffect };
	}),
};

async function read(request: Request, path: string): Promise<Response> {
	const user = await buyer(request);
	if (path === "") return Response.json(await readBilling(user));
	if (path === "portal") await assertRecentProof(request);
	if (path === "portal") return new Response(null, { status: 303, headers: { location: await openPortal(request, user) } });
	if (Object.hasOwn(ACTIONS, path)) refuse("method-not-allowed", t("problem_answers_to", { allow: "POST" }), { allow: "POST" });
	return nothingHere();
}

async function act(request: Request, path: string): Promise<Response> {
	const user = await buyer(request);
	const run = Object.hasOwn(ACTIONS, path) ? ACTIONS[path] : undefined;
	if (path !== "refresh") await assertRecentProof(request);
	return run ? Response.json(await run(request, user)) : nothingHere();
}

async function buyer(request: Request): Promise<User> {
	const user = await userOf(request);
	if (!user) refuse("not-signed-in", t("problem_sign_in_to_pay"));
	if (!capabilities().sells) refuse("billing-not-configured", t("billing_not_sold"));
	return user;
}

/** An action with a validated body. @throws ProblemError 400 or 413 for a rejected body */
function action<T extends object>(schema: z.ZodType<T>, run: (request: Request, user: User, body: T) => Promise<object>): Action {
	return async (request, user) => {
		return run(request, user, await readBody(request, schema));
	};
}

function nothingHere(): never {
	refuse("not-found", t("problem_nothing_here"));
}
