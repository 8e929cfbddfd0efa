import { Link } from "@tanstack/react-router";
import { money } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { PlanView, PricingView } from "../../view/billing.ts";
import type { Viewer } from "../../view/identity.ts";
import type { Shell } from "../../view/shell.ts";
import type { Tier } from "../../view/usage.ts";
import { BuyButton } from "./buy-button.tsx";
import { everyText } from "./interval.ts";
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
	const zero = currency ? <Price amountCents={0} currency={currency} interval={null} /> : <Amount>{t("plans_zero")}</Amount>;
	return (
		<div className="grid gap-y-0 md:auto-cols-fr md:grid-flow-col">
			<PlanColumn
				name={t("plans_guest")}
				price={zero}
				requests={pricing.guestLimit}
				every={t("plans_in_total")}
				lines={[t("plans_no_account"), t("plans_in_browser"), ...contents(shell, "guest")]}
				current={usage.tier === "guest"}
				action={null}
			/>
			<PlanColumn
				name={free?.name ?? t("plans_free")}
				price={zero}
				requests={pricing.freeLimit}
				every={t("every_day")}
				lines={[t("plans_resets_daily"), t("plans_all_devices"), ...contents(shell, "free")]}
				current={usage.tier === "free" && !paid.some(({ current }) => current)}
				action={
					viewer.kind === "guest" && (
						<Link to="/sign-up" search={{ next: "/pricing" }} className={paid.length > 0 ? "button-plain" : "button-next"}>
							{t("frame_sign_up")}
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
					every={plan.interval ? everyText(plan.interval) : ""}
					lines={[...plan.features, ...contents(shell, "paid"), ...trialLine(plan), t("plans_cancel_anytime")]}
					current={[plan, ...longer].some(({ current }) => current)}
					action={
						<div className="flex flex-wrap gap-2 empty:hidden">
							{[plan, ...longer].map((one, at) => (
								<Subscribe
									key={one.priceSlug}
									plan={one}
									label={at === 0 ? one.name : nameByInterval(one)}
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

/** Groups the prices of one plan for several intervals, the shortest first. */
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

/** "Pro by the year": the button label of a plan's longer interval. */
function nameByInterval({ name, interval }: PlanView): string {
	switch (interval) {
		case "day":
			return t("by_day", { plan: name });
		case "week":
			return t("by_week", { plan: name });
		case "month":
			return t("by_month", { plan: name });
		case "year":
			return t("by_year", { plan: name });
		default:
			return name;
	}
}

const daysOf = ({ interval }: PlanView): number => ({ day: 1, week: 7, month: 30, year: 365 })[interval ?? "day"];

/** The same plan's longer interval, below its price. */
function LongerPrice({ amountCents, currency, interval, requests }: PlanView) {
	const cost = { price: money(amountCents, currency), every: everyText(interval) };
	return (
		<p className="text-soft">
			{requests === null ? t("plans_or", cost) : t("plans_or_with", { price: cost.price, every: cost.every, count: requests })}
		</p>
	);
}

const MIB = 1024 * 1024;

/** A tier's features besides its requests: the models, if there are several, and files. */
function contents({ models, files }: Shell, tier: Tier): string[] {
	const open = models.filter(({ tiers }) => tiers.includes(tier));
	const { count, bytes } = files[tier];
	const size = bytes < MIB ? `${Math.floor(bytes / 1024)} KB` : `${Math.floor(bytes / MIB)} MB`;
	return [
		...(models.length < 2
			? []
			: [
					open.length === models.length
						? t("plans_all_models", { count: models.length })
						: t("plans_some_models", { some: String(open.length), all: String(models.length) }),
				]),
		t("plans_files", { count, size }),
	];
}

function Amount({ children }: { children: string }) {
	return <p className="font-semibold text-display tracking-tight">{children}</p>;
}

const trialLine = ({ trialDays, amountCents, currency }: PlanView): string[] =>
	trialDays > 0 ? [t("plans_trial", { count: trialDays, price: money(amountCents, currency) })] : [];

interface SubscribeProps {
	plan: PlanView;
	/** The name used in its button's label. */
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
				{plan.current || !isChange || usage.tier !== "paid" ? t("plans_see_yours") : t("account_change_to", { plan: label })}
			</Link>
		);
	}
	if (!billing.sells) return null;
	if (viewer.kind === "guest") {
		return (
			<Link to="/sign-up" search={{ next: "/pricing" }} className={main ? "button-next" : "button-plain"}>
				{t("plans_go", { plan: label })}
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
			label={t("plans_go", { plan: label })}
			priceSlug={plan.priceSlug}
			successPath={returnPath("plan")}
			cancelPath="/pricing"
		/>
	);
}

/** Whether the viewer may change the plan that pays for them. */
const mayManagePlan = (viewer: Viewer) => viewer.kind === "guest" || viewer.organization?.mayBuy !== false;

/** Says that the buttons below buy for the viewer's organization, if they act for one. */
export function BuyingFor({ viewer }: { viewer: Viewer }) {
	const organization = viewer.kind === "user" ? viewer.organization : null;
	if (!organization) return null;
	return (
		<p className="mb-8 max-w-read wrap-anywhere">
			{organization.mayBuy
				? t("plans_buy_for", { organization: organization.name })
				: t("plans_managed", { organization: organization.name })}{" "}
			<Link to="/account/organization" className="link">
				{organization.mayBuy ? t("plans_buy_for_yourself") : t("plans_bill_yourself")}
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
				{t("plans_top_ups")}
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
						{t("plans_buy_in_account")}
					</Link>
				) : mayManagePlan(viewer) ? (
					t("plans_top_ups_need_plan")
				) : (
					t("plans_owners_buy")
				)}
			</p>
		</section>
	);
}
