import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { AccountBilling } from "../components/account/account-billing.tsx";
import { InstructionsSection } from "../components/account/instructions-section.tsx";
import { Section } from "../components/account/section.tsx";
import { UsageSection } from "../components/account/usage-section.tsx";
import { usePlanChanges } from "../components/billing/plan-changes.ts";
import { ConfirmEmail } from "../components/frame/confirm-email.tsx";
import { linkErrorOf } from "../components/frame/link-error.ts";
import { Page } from "../components/frame/page.tsx";
import { SignOutButton } from "../components/frame/side-column.tsx";
import { OrganizationSection } from "../components/organization/organization-section.tsx";
import { tellTabs } from "../components/tabs.ts";
import { nearestLimit } from "../components/tally/marks.ts";
import { TallyIcon } from "../components/tally/tally-icon.tsx";
import { TallyLine } from "../components/tally/tally-line.tsx";
import { loadInstructions, loadOrganizations, loadPricing, loadShell, loadUsageHistory } from "../lib/http/pages.ts";
import type { PricingView } from "../view/billing.ts";
import type { Viewer } from "../view/identity.ts";
import type { Shell } from "../view/shell.ts";

export const Route = createFileRoute("/account")({
	validateSearch: linkErrorOf,
	loaderDeps: ({ search }) => search,
	loader: async ({ deps: { error } }) => {
		const loads = [loadShell(), loadPricing(), loadOrganizations(), loadUsageHistory(), loadInstructions()] as const;
		const [shell, pricing, organizations, history, own] = await Promise.all(loads);
		const { viewer } = shell;
		if (viewer.kind === "guest") throw redirect({ to: "/sign-in", search: { next: error ? `/account?error=${error}` : "/account" } });
		return { shell, pricing, organizations, history, own, viewer };
	},
	// Pointing at a link must not read the billing provider.
	preload: false,
	gcTime: 0,
	head: () => ({ meta: [{ title: "Account · Parley" }] }),
	component: AccountPage,
});

function AccountPage() {
	const { shell, pricing, organizations, history, own, viewer } = Route.useLoaderData();
	const router = useRouter();
	usePlanChanges(() => void router.invalidate());
	function onPlanChanged() {
		tellTabs("billing", "plan");
		void router.invalidate();
	}
	async function onPayerChanged() {
		tellTabs("billing", "payer");
		await router.invalidate();
	}
	return (
		<Page viewer={viewer} banner={<Banner viewer={viewer} mailboxUrl={shell.mailboxUrl} />}>
			<div className="mx-auto max-w-read">
				<h1 className="font-semibold text-display tracking-tight">Account</h1>
				<Section title="Requests">
					<TallyLine usage={shell.usage} />
				</Section>
				<UsageSection history={history} models={shell.models} usage={shell.usage} />
				<InstructionsSection own={own} site={shell.instructions.site} />
				<Plan viewer={viewer} shell={shell} pricing={pricing} onChanged={onPlanChanged} />
				<OrganizationSection
					organizations={organizations}
					usage={shell.usage}
					onChanged={() => router.invalidate()}
					onPayerChanged={onPayerChanged}
				/>
				<Section title="You">
					<p className="wrap-anywhere">{viewer.name}</p>
					<p className="text-soft wrap-anywhere">
						{viewer.email} · {viewer.emailVerified ? "confirmed" : "not confirmed yet"}
					</p>
					<div className="mt-2 -ml-2">
						<SignOutButton />
					</div>
				</Section>
			</div>
			<TallyIcon {...nearestLimit(shell.usage)} />
		</Page>
	);
}

type User = Viewer & { kind: "user" };

function Banner({ viewer, mailboxUrl }: { viewer: User; mailboxUrl: string | null }) {
	const { error } = Route.useSearch();
	const navigate = Route.useNavigate();
	return (
		<ConfirmEmail
			viewer={viewer}
			mailboxUrl={mailboxUrl}
			linkFailed={error !== undefined}
			path="/account"
			onClose={() => void navigate({ search: {}, replace: true })}
		/>
	);
}

interface PlanProps {
	viewer: User;
	shell: Shell;
	pricing: PricingView;
	onChanged: () => void;
}

/** The plan and its payments, for a viewer who may manage them. */
function Plan({ viewer, shell, pricing, onChanged }: PlanProps) {
	const { organization } = viewer;
	if (!shell.billing.sells) {
		return (
			<Section title="Plan">
				<p>Free. Paid plans are not set up on this server.</p>
			</Section>
		);
	}
	if (organization?.mayBuy === false) {
		return (
			<Section title="Plan">
				<p className="wrap-anywhere">The plan of {organization.name} and its payments are up to its owners and admins.</p>
			</Section>
		);
	}
	return (
		<AccountBilling
			key={organization?.id ?? viewer.id}
			hasBrowserSdk={shell.billing.hasBrowserSdk}
			customer={organization ?? { id: viewer.id, name: null }}
			usage={shell.usage}
			pricing={pricing}
			onChanged={onChanged}
		/>
	);
}
