import { lazy, Suspense } from "react";
import type { PricingView, UsageView, Viewer } from "../../view.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

export interface AccountBillingProps {
	usage: UsageView;
	viewer: Viewer & { kind: "user" };
	pricing: PricingView;
	mailboxUrl: string | null;
}

// @flowglad/react comes with this page alone, and never on the server.
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
