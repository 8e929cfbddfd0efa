import { lazy, Suspense } from "react";
import type { PricingView } from "../../view/billing.ts";
import type { UsageView } from "../../view/usage.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

export interface AccountBillingProps {
	/** Who buys: the reader, or the organization that they act for, which has a name. */
	customer: { id: string; name: string | null };
	hasBrowserSdk: boolean;
	usage: UsageView;
	pricing: PricingView;
	/** Something was changed at the billing service that shows on the whole page, and in other tabs. */
	onChanged: () => void;
}

// What shows and changes a plan comes with this page alone, and never on the server.
const Billing = import.meta.env.SSR ? (_: AccountBillingProps) => null : lazy(() => import("./billing.tsx"));

export function AccountBilling(props: AccountBillingProps) {
	const hydrated = useHydrated();
	const waiting = (
		<Section title="Plan">
			<p className="text-soft">Asking the billing service …</p>
		</Section>
	);
	if (!hydrated) return waiting;
	return (
		<Suspense fallback={waiting}>
			<Billing {...props} />
		</Suspense>
	);
}
