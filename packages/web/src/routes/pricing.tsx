import { createFileRoute, useRouter } from "@tanstack/react-router";
import { usePlanChanges } from "../components/billing/plan-changes.ts";
import { BuyingFor, Plans, TopUps } from "../components/billing/pricing.tsx";
import { serverActions } from "../components/billing/server-actions.ts";
import { Terms } from "../components/billing/terms.tsx";
import { WhatCounts } from "../components/billing/what-counts.tsx";
import { ConfirmEmail } from "../components/frame/confirm-email.tsx";
import { linkOutcomeOf } from "../components/frame/link-outcome.ts";
import { Page } from "../components/frame/page.tsx";
import { nearestLimit } from "../components/tally/marks.ts";
import { TallyIcon } from "../components/tally/tally-icon.tsx";
import { loadPricing } from "../lib/http/other-pages.ts";
import { loadShell } from "../lib/http/pages.ts";
import { t } from "../text/text.ts";
import { pageMeta } from "./-head.ts";

export const Route = createFileRoute("/pricing")({
	validateSearch: linkOutcomeOf,
	loader: async () => {
		const [shell, pricing] = await Promise.all([loadShell(), loadPricing()]);
		return { shell, pricing };
	},
	// Hovering over a link must not read the billing provider.
	preload: false,
	gcTime: 0,
	head: () => ({
		meta: pageMeta(t("site_title", { page: t("frame_pricing") }), t("plans_description")),
	}),
	component: PricingPage,
});

function PricingPage() {
	const { shell, pricing } = Route.useLoaderData();
	const link = Route.useSearch();
	const navigate = Route.useNavigate();
	const router = useRouter();
	usePlanChanges(() => void router.invalidate());
	const banner = (link.error || link.confirmed) && (
		<ConfirmEmail
			viewer={shell.viewer}
			mailboxUrl={shell.mailboxUrl}
			link={link}
			path="/pricing"
			onReturn={() => void router.invalidate()}
			onClose={() => void navigate({ search: {}, replace: true })}
		/>
	);
	return (
		<Page viewer={shell.viewer} banner={banner}>
			<h1 className="text-balance font-semibold text-display tracking-tight">{t("plans_heading")}</h1>
			<p className="mt-3 mb-8 max-w-read sm:mb-12 text-body text-soft">{t("plans_subheading")}</p>
			{shell.billing.sells && <BuyingFor viewer={shell.viewer} />}
			<Plans pricing={pricing} shell={shell} onBuy={serverActions.buy} />
			{!shell.billing.sells ? (
				<p className="mt-6 border-line border-t pt-6 text-soft">{t("plans_none_here")}</p>
			) : (
				pricing.unavailable && (
					<p role="status" className="mt-6 border-line border-t pt-6 text-soft">
						{t("plans_unavailable")}
					</p>
				)
			)}
			<TopUps pricing={pricing} shell={shell} />
			<WhatCounts />
			{shell.billing.sells && <Terms />}
			<TallyIcon {...nearestLimit(shell.usage)} />
		</Page>
	);
}
