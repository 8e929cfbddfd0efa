import { Link } from "@tanstack/react-router";
import type { PlanView, PricingView } from "../../view/billing.ts";
import type { Viewer } from "../../view/identity.ts";
import type { Shell } from "../../view/shell.ts";
import type { Tier } from "../../view/usage.ts";
import { LocalNumber, useHydrated } from "../frame/local-time.tsx";
import { BuyButton } from "./buy-button.tsx";
import { everyText, priceText } from "./money.ts";
import { PlanColumn, Price, TopUpTerms } from "./plans.tsx";
import { returnPath } from "./return-path.ts";
import type { BillingActions } from "./source.ts";

interface PricingProps {
	pricing: PricingView;
	shell: Shell;
}

/** Guest, free and paid plans side by side. */
export function Plans({ pricing, shell, onBuy }: PricingProps & Pick<SubscribeProps, "onBuy">) {
	const { viewer, usage } = shell;
	const free = pricing.plans.find(({ kind }) => kind === "free");
	const paid = pricing.plans.filter(({ kind }) => kind === "subscription");
	const currency = pricing.plans[0]?.currency;
	const zero = currency ? <Price amountCents={0} currency={currency} interval={null} /> : <Amount>Free</Amount>;
	return (
		<div className="grid gap-y-0 md:auto-cols-fr md:grid-flow-col">
			<PlanColumn
				name="Guest"
				price={zero}
				requests={pricing.guestLimit}
				every="in total"
				lines={["No account, no email", "Your chats stay in this browser", ...contents(shell, "guest")]}
				current={usage.tier === "guest"}
				action={null}
			/>
			<PlanColumn
				name={free?.name ?? "Free"}
				price={zero}
				requests={pricing.freeLimit}
				every="a day"
				lines={["Resets every day", "Your chats on all your devices", ...contents(shell, "free")]}
				current={usage.tier === "free" && !paid.some(({ current }) => current)}
				action={
					viewer.kind === "guest" && (
						<Link to="/sign-up" search={{ next: "/pricing" }} className={paid.length > 0 ? "button-plain" : "button-next"}>
							Sign up
						</Link>
					)
				}
			/>
			{byName(paid).map(([plan, ...longer], index) => (
				<PlanColumn
					key={plan.priceSlug}
					name={plan.name}
					price={
						<div>
							<Price {...plan} />
							{longer.map((one) => (
								<LongerPrice key={one.priceSlug} {...one} />
							))}
						</div>
					}
					requests={plan.requests}
					every={plan.interval ? `a ${plan.interval}` : ""}
					lines={[...plan.features, ...contents(shell, "paid"), ...trialLine(plan), "Cancel anytime"]}
					current={[plan, ...longer].some(({ current }) => current)}
					action={
						<div className="flex flex-wrap gap-2 empty:hidden">
							{[plan, ...longer].map((one, at) => (
								<Subscribe
									key={one.priceSlug}
									plan={one}
									label={at === 0 ? one.name : `${one.name} by the ${one.interval}`}
									main={index === 0 && at === 0}
									isChange={paid.some(({ current }) => current)}
									shell={shell}
									onBuy={onBuy}
								/>
							))}
						</div>
					}
				/>
			))}
		</div>
	);
}

type SamePlan = [PlanView, ...PlanView[]];

/** Prices of one plan for several intervals are one plan, the shortest interval first. */
function byName(plans: readonly PlanView[]): SamePlan[] {
	const found = new Map<string, SamePlan>();
	for (const plan of plans.toSorted((a, b) => daysOf(a) - daysOf(b))) {
		const same = found.get(plan.name);
		if (same) same.push(plan);
		else found.set(plan.name, [plan]);
	}
	const cheapest = plans.map(({ name }) => name);
	return [...found.values()].sort(([a], [b]) => cheapest.indexOf(a.name) - cheapest.indexOf(b.name));
}

const daysOf = ({ interval }: PlanView): number => ({ day: 1, week: 7, month: 30, year: 365 })[interval ?? "day"];

/** The same plan for a longer time, below its price. */
function LongerPrice({ amountCents, currency, interval, requests }: PlanView) {
	const hydrated = useHydrated();
	return (
		<p className="text-soft">
			or {priceText(amountCents, currency, hydrated ? undefined : "en")} {everyText(interval)}
			{requests !== null && (
				<>
					, with <LocalNumber value={requests} /> requests
				</>
			)}
		</p>
	);
}

const MIB = 1024 * 1024;

/** What a tier may use besides its requests: the models, where there is a choice, and files. */
function contents({ models, files }: Shell, tier: Tier): string[] {
	const open = models.filter(({ tiers }) => tiers.includes(tier));
	const { count, bytes } = files[tier];
	const size = bytes < MIB ? `${Math.floor(bytes / 1024)} KB` : `${Math.floor(bytes / MIB)} MB`;
	return [
		...(models.length < 2
			? []
			: [open.length === models.length ? `All ${models.length} models` : `${open.length} of ${models.length} models`]),
		`${count} files a message, ${size} each`,
	];
}

function Amount({ children }: { children: string }) {
	return <p className="font-semibold text-display tracking-tight">{children}</p>;
}

const trialLine = ({ trialDays, amountCents, currency }: PlanView): string[] =>
	trialDays > 0 ? [`${trialDays} days free, then ${priceText(amountCents, currency, "en")}`] : [];

interface SubscribeProps {
	plan: PlanView;
	/** What a button calls it. */
	label: string;
	/** Whether this is the primary action of the page. */
	main: boolean;
	/** The viewer already has a paid plan. */
	isChange: boolean;
	shell: Shell;
	onBuy: BillingActions["buy"];
}

function Subscribe({ plan, label, main, isChange, onBuy, shell: { viewer, usage, billing, mailboxUrl } }: SubscribeProps) {
	if (billing.sells && !mayManagePlan(viewer)) return null;
	if (isChange || usage.tier === "paid") {
		return (
			<Link to="/account/plan" className="button-plain">
				{plan.current || !isChange || usage.tier !== "paid" ? "See your plan" : `Change to ${label}`}
			</Link>
		);
	}
	if (!billing.sells) return null;
	if (viewer.kind === "guest") {
		return (
			<Link to="/sign-up" search={{ next: "/pricing" }} className={main ? "button-next" : "button-plain"}>
				Go {label}
			</Link>
		);
	}
	return (
		<BuyButton
			hasBrowserSdk={billing.hasBrowserSdk}
			onBuy={onBuy}
			viewer={viewer}
			mailboxUrl={mailboxUrl}
			main={main}
			label={`Go ${label}`}
			priceSlug={plan.priceSlug}
			successPath={returnPath("plan")}
			cancelPath="/pricing"
		/>
	);
}

/** Whether the viewer may change the plan that pays for them. */
const mayManagePlan = (viewer: Viewer) => viewer.kind === "guest" || viewer.organization?.mayBuy !== false;

/** Says that the buttons below buy for the viewer's organization, when they act for one. */
export function BuyingFor({ viewer }: { viewer: Viewer }) {
	const organization = viewer.kind === "user" ? viewer.organization : null;
	if (!organization) return null;
	return (
		<p className="mb-8 max-w-read wrap-anywhere">
			{organization.mayBuy
				? `What you buy here is for everyone in ${organization.name}. `
				: `Owners and admins of ${organization.name} manage its plan. `}
			<Link to="/account/organization" className="link">
				{organization.mayBuy ? "Buy for yourself instead" : "Bill your requests to yourself"}
			</Link>
		</p>
	);
}

/** The top-ups for sale, and where the viewer can buy one. */
export function TopUps({ pricing, shell: { viewer, usage, billing } }: PricingProps) {
	const topUps = pricing.plans.filter(({ kind }) => kind === "top-up");
	if (topUps.length === 0) return null;
	return (
		<section aria-labelledby="top-ups" className="mt-6 border-line border-t pt-8">
			<h2 id="top-ups" className="font-semibold text-title tracking-tight">
				Top-ups
			</h2>
			{topUps.map((topUp) => (
				<div key={topUp.priceSlug} className="mt-4 flex flex-wrap items-center justify-between gap-4">
					<TopUpTerms topUp={topUp} outlivesPlan={pricing.topUpsOutlivePlan} />
					<Price {...topUp} />
				</div>
			))}
			<p className="mt-4 text-soft">
				{usage.tier === "paid" && viewer.kind === "user" && mayManagePlan(viewer) && billing.sells ? (
					<Link to="/account/plan" className="link text-ink">
						Buy a top-up in your account
					</Link>
				) : mayManagePlan(viewer) ? (
					"Top-ups require a paid plan."
				) : (
					"Owners and admins buy top-ups."
				)}
			</p>
		</section>
	);
}
