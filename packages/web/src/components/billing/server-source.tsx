import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { BillingView } from "../../view/billing.ts";
import { fetchOrThrow } from "../requests.ts";
import { serverActions } from "./server-actions.ts";
import type { BillingSource } from "./source.ts";

/** Reads and changes a customer's billing through `/api/billing`. */
export default function ServerSource({ children }: { children: (source: BillingSource) => ReactNode }) {
	const [view, setView] = useState<BillingView | null>();
	const read = useCallback(async () => {
		const answer = await fetchOrThrow("/api/billing").catch(() => undefined);
		const fresh: BillingView | undefined = await answer?.json();
		// A failed reload keeps the displayed data.
		setView((shown) => fresh ?? shown ?? null);
	}, []);
	useEffect(() => void read(), [read]);
	if (view === undefined) return children({ state: "asking" });
	if (view === null) return children({ state: "unavailable" });
	const reload = () => void read();
	return children({ state: "here", view, actions: serverActions, reload });
}
