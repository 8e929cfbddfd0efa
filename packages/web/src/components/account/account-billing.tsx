import { lazy, Suspense } from "react";
import { t } from "../../text/text.ts";
import { useHydrated } from "../frame/local-time.tsx";
import type { BillingProps } from "./billing.tsx";
import { Section } from "./section.tsx";

// Loaded by this page only, and never on the server.
const Billing = import.meta.env.SSR ? (_: BillingProps) => null : lazy(() => import("./billing.tsx"));

/** The billing sections of the plan's page, which appear once the page is hydrated. */
export function AccountBilling(props: BillingProps) {
	const hydrated = useHydrated();
	const waiting = (
		<Section title={t("account_plan")}>
			<p className="text-soft">{t("account_loading_plan")}</p>
		</Section>
	);
	if (!hydrated) return waiting;
	return (
		<Suspense fallback={waiting}>
			<Billing {...props} />
		</Suspense>
	);
}
