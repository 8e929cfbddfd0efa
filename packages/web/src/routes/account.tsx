import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { AccountBilling } from "../components/account/account-billing.tsx";
import { Section } from "../components/account/section.tsx";
import { tellTabs, usePlanNews } from "../components/billing/plan-news.ts";
import { ConfirmEmail, linkErrorOf } from "../components/frame/confirm-email.tsx";
import { Page } from "../components/frame/page.tsx";
import { SignOutButton } from "../components/frame/side-column.tsx";
import { TallyIcon } from "../components/tally/tally-icon.tsx";
import { TallyLine } from "../components/tally/tally-line.tsx";
import { loadPricing, loadShell } from "../lib/pages.ts";

export const Route = createFileRoute("/account")({
	validateSearch: linkErrorOf,
	loaderDeps: ({ search }) => search,
	loader: async ({ deps: { error } }) => {
		const [shell, pricing] = await Promise.all([loadShell(), loadPricing()]);
		const { viewer } = shell;
		if (viewer.kind === "guest") throw redirect({ to: "/sign-in", search: { next: error ? `/account?error=${error}` : "/account" } });
		return { shell, pricing, viewer };
	},
	gcTime: 0,
	head: () => ({ meta: [{ title: "Account · Parley" }] }),
	component: AccountPage,
});

function AccountPage() {
	const { shell, pricing, viewer } = Route.useLoaderData();
	const { error } = Route.useSearch();
	const navigate = Route.useNavigate();
	const router = useRouter();
	usePlanNews(() => void router.invalidate());
	function onChanged() {
		tellTabs();
		void router.invalidate();
	}
	const banner = (
		<ConfirmEmail
			viewer={viewer}
			mailboxUrl={shell.mailboxUrl}
			linkFailed={error !== undefined}
			path="/account"
			onClose={() => void navigate({ search: {}, replace: true })}
		/>
	);
	return (
		<Page viewer={viewer} banner={banner}>
			<div className="mx-auto max-w-read">
				<h1 className="font-semibold text-display tracking-tight">Account</h1>
				<Section title="Requests">
					<TallyLine usage={shell.usage} />
				</Section>
				{shell.billing === "none" ? (
					<Section title="Plan">
						<p>Free. Paid plans are not set up on this server.</p>
					</Section>
				) : (
					<AccountBilling usage={shell.usage} pricing={pricing} onChanged={onChanged} />
				)}
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
			<TallyIcon limit={shell.usage.limit} remaining={shell.usage.remaining} />
		</Page>
	);
}
