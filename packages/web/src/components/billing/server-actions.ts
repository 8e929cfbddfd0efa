import type { BillingAction } from "../../billing-sentences.ts";
import { fetchOrThrow } from "../requests.ts";
import { type ActionResult, type BillingActions, type ChangeResult, failureOf } from "./source.ts";

/** Every action, through our server: one response states its outcome, for any provider. */
export const serverActions: BillingActions = {
	buy: (priceSlug, successUrl, cancelUrl) => leads("buy", "checkout", { priceSlug, successUrl, cancelUrl }),
	addPaymentMethod: (planId) => leads("add-card", "payment-method", planId ? { planId } : {}),
	activate: (planId, successUrl) => leads("activate", "activate", { planId, successUrl, cancelUrl: "/account/plan" }),
	cancel: (planId, when) => act("cancel", "cancel", { planId, when }, async () => {}),
	keep: (planId) => act("resume", "uncancel", { planId }, async () => {}),
	change: (planId, priceSlug) =>
		act("change", "change", { planId, priceSlug }, async (answer) => {
			const { takesEffect, url }: { takesEffect: ChangeResult; url?: string } = await answer.json();
			if (url !== undefined) location.assign(url);
			return takesEffect;
		}),
};

async function act<T>(action: BillingAction, path: string, body: object, read: (answer: Response) => Promise<T>): Promise<ActionResult<T>> {
	const headers = { "content-type": "application/json" };
	try {
		const answer = await fetchOrThrow(`/api/billing/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
		return { kind: "done", value: await read(answer) };
	} catch (error) {
		return failureOf(action, error);
	}
}

const leads = (action: BillingAction, path: string, body: object) =>
	act(action, path, body, async (answer) => {
		const { url }: { url: string } = await answer.json();
		location.assign(url);
	});
