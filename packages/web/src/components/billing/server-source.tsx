import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { BillingAction } from "../../billing-sentences.ts";
import type { BillingView } from "../../view/billing.ts";
import { fetchOrThrow } from "../requests.ts";
import { type ActionResult, type BillingActions, type BillingSource, type ChangeResult, failureOf } from "./source.ts";

/** Reads and changes a customer's billing through `/api/billing`. */
export default function ServerSource({ children }: { children: (source: BillingSource) => ReactNode }) {
	const [view, setView] = useState<BillingView | null>();
	const read = useCallback(async () => {
		const answer = await fetchOrThrow("/api/billing").catch(() => undefined);
		const fresh: BillingView | undefined = await answer?.json();
		// A failed reload keeps what is shown.
		setView((shown) => fresh ?? shown ?? null);
	}, []);
	useEffect(() => void read(), [read]);
	if (view === undefined) return children({ state: "asking" });
	if (view === null) return children({ state: "unavailable" });
	const reload = () => void read();
	return children({ state: "here", view, actions: serverActions, reload });
}

/** Every action, through our server: one answer says what became of it, whoever the provider is. */
export const serverActions: BillingActions = {
	buy: (priceSlug, successUrl, cancelUrl) => leads("buy", "checkout", { priceSlug, successUrl, cancelUrl }),
	addPaymentMethod: (planId) => leads("add-card", "payment-method", planId ? { planId } : {}),
	activate: (planId, successUrl) => leads("activate", "activate", { planId, successUrl, cancelUrl: "/account" }),
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
