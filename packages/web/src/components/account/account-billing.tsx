import { lazy, Suspense } from "react";
import { useHydrated } from "../frame/local-time.tsx";
import type { BillingProps } from "./billing.tsx";
import { Section } from "./section.tsx";

// Loaded with this page only, and never on the server.
const Billing = import.meta.env.SSR ? (_: BillingProps) => null : lazy(() => import("./billing.tsx"));

/** The billing sections of the plan's page, which appear once the page is hydrated. */
export function AccountBilling(props: BillingProps) {
	const hydrated = useHydrated();
	const waiting = (
		<Section title="Plan">
			<p className="text-soft">Loading your plan…</p>
		</Section>
	);
	if (!hydrated) return waiting;
	return (
		<Suspense fallback={waiting}>
			<Billing {...props} />
		</Suspense>
	);
}
