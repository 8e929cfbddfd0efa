import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { BillingView } from "../../view/billing.ts";
import { fetchOrThrow, Refused } from "../requests.ts";
import type { BillingActions, BillingSource } from "./source.ts";

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

export const serverActions: BillingActions = {
	buy: async (priceSlug, successUrl, cancelUrl) => {
		try {
			return await leave(await send("checkout", { priceSlug, successUrl, cancelUrl }));
		} catch (error) {
			// A conflict is about the buyer's account, so trying again does not help: the server says what does.
			return error instanceof Refused && error.problem.status === 409 ? error.problem.detail : false;
		}
	},
	addPaymentMethod: (planId) => leads("payment-method", planId ? { planId } : {}),
	// No provider without a browser SDK has plans that wait for a card.
	activate: async () => false,
	cancel: async (planId, when) => (await post("cancel", { planId, when })) !== undefined,
	keep: async (planId) => (await post("uncancel", { planId })) !== undefined,
	change: async (planId, priceSlug) => {
		try {
			const answer = await send("change", { planId, priceSlug });
			const { takesEffect }: { takesEffect: "now" | "period-end" | "confirming" } = await answer.json();
			return takesEffect;
		} catch (error) {
			return error instanceof Refused && error.problem.status === 402 ? "declined" : null;
		}
	},
};

function send(action: string, body: object): Promise<Response> {
	const json = { "content-type": "application/json" };
	return fetchOrThrow(`/api/billing/${action}`, { method: "POST", headers: json, body: JSON.stringify(body) });
}

const post = (action: string, body: object) => send(action, body).catch(() => undefined);

async function leads(action: string, body: object): Promise<boolean> {
	const answer = await post(action, body);
	return answer ? leave(answer) : false;
}

async function leave(answer: Response): Promise<true> {
	const { url }: { url: string } = await answer.json();
	location.assign(url);
	return true;
}
