import { useState } from "react";
import { t } from "../../text/text.ts";
import type { PricingView } from "../../view/billing.ts";
import type { Shell } from "../../view/shell.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { setPayer } from "../organization/organization-requests.ts";
import { AccountBilling } from "./account-billing.tsx";
import { Section } from "./section.tsx";

interface PlanPageProps {
	shell: Shell;
	pricing: PricingView;
	/** The plan or the payer has changed, which also shows in other tabs. Resolves when it is shown. */
	onChanged: (change: "plan" | "payer") => Promise<void>;
}

/** The plan and its payments, for a viewer who may manage them. */
export function PlanPage({ shell: { viewer, usage, billing }, pricing, onChanged }: PlanPageProps) {
	if (viewer.kind === "guest") return null;
	const { organization } = viewer;
	if (!billing.sells) {
		return (
			<Section title={t("account_plan")}>
				<p>{t("account_not_sold")}</p>
			</Section>
		);
	}
	// Without a plan of the organization, the viewer's own plan pays, so it must stay visible.
	const own = organization && usage.tier === "paid" && !usage.organization && (
		<OwnPlan organization={organization.name} onChosen={() => onChanged("payer")} />
	);
	if (organization?.mayBuy === false) {
		return (
			<>
				{own}
				<Section title={t("account_plan")}>
					<p className="wrap-anywhere">{t("account_managed", { organization: organization.name })}</p>
				</Section>
			</>
		);
	}
	return (
		<>
			{own}
			<AccountBilling
				key={organization?.id ?? viewer.id}
				hasBrowserSdk={billing.hasBrowserSdk}
				customer={organization ?? { id: viewer.id, name: null }}
				usage={usage}
				pricing={pricing}
				onChanged={() => void onChanged("plan")}
			/>
		</>
	);
}

/** The viewer's own plan, while they act for an organization without one. */
function OwnPlan({ organization, onChosen }: { organization: string; onChosen: () => Promise<void> }) {
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	async function choose() {
		setBusy(true);
		const refusal = await setPayer(null);
		setProblem(refusal?.text);
		if (!refusal) await onChosen();
		setBusy(false);
	}
	return (
		<Section title={t("account_own_plan")}>
			<p className="wrap-anywhere">{t("account_own_plan_pays", { organization })}</p>
			<button type="button" className="button-plain mt-4" disabled={!hydrated || busy} onClick={() => void choose()}>
				{t("account_show_own_plan")}
			</button>
			{problem && (
				<p role="alert" className="mt-2 text-warn">
					{problem}
				</p>
			)}
		</Section>
	);
}
