import { Link } from "@tanstack/react-router";
import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { number } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { ModelOption, Price } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { inRequests, LocalTime } from "../frame/local-time.tsx";
import { type Failure, PRICE_HAS_CHANGED } from "./conversation.ts";
import type { HumanCheckProps } from "./human-check.tsx";
import type { Limit } from "./limit.ts";
import type { Sending } from "./live-chat.tsx";
import { NoticeRow, Reference, TryAgain } from "./notice-row.tsx";
import { effortName } from "./price.ts";

// Few viewers ever see the check. If it does not load, the notice still offers to sign up.
const HumanCheck = lazy<ComponentType<HumanCheckProps>>(() => import("./human-check.tsx").catch(() => ({ default: () => null })));

type Refusal = Extract<Failure, { kind: "refused" }>;

export interface RefusalNoticeProps {
	limit: Limit | undefined;
	/** The last refusal. Undefined if only the balance shows the limit. */
	refusal: Refusal | undefined;
	/** The paying organization, if any. */
	organization: UsageView["organization"];
	/** News about the paying plan. */
	plan: UsageView["plan"];
	models: ModelOption[];
	path: string;
	/** Requests per day with a free account. */
	freeLimit: number;
	/** Whether this server sells anything. */
	canPay: boolean;
	/** The blocked message is kept and will be sent after a purchase. */
	isKept: boolean;
	/** `token`: a solved Turnstile check. */
	onTryAgain: (token?: string) => void;
	/** Sends the refused message with other settings or at another price. */
	onSendAt: (sending: Sending, price: Price) => void;
}

/** Why no request can be sent, or why the last one was refused, and the next step. */
export default function RefusalNotice({ limit, refusal, ...props }: RefusalNoticeProps) {
	if (limit?.tooFew) return <TooFewNotice {...props} limit={limit} tooFew={limit.tooFew} sending={refusal?.sending} />;
	if (limit) return <LimitNotice {...props} limit={limit} />;
	return refusal && <RefusedNotice {...props} refusal={refusal} />;
}

type PartProps = Omit<RefusalNoticeProps, "limit" | "refusal">;

/** No requests are left. Each policy has its own next step. */
function LimitNotice(props: PartProps & { limit: Limit }) {
	const { limit, organization, path, freeLimit, canPay, isKept, onTryAgain } = props;
	const resets = limit.resetAt && <> {rich("chat_they_reset", { time: <LocalTime iso={limit.resetAt} form="time" /> })}</>;
	const saved = t("chat_draft_saved");
	switch (limit.policy) {
		case "guest":
			return (
				<NoticeRow next={<SignUpLink path={path} />}>
					{t("chat_limit_guest", { limit: number(limit.limit), daily: number(freeLimit) })} {saved}
				</NoticeRow>
			);
		case "network":
			return (
				<NoticeRow next={<SignUpLink path={path} />}>
					{t("chat_limit_network", { daily: number(freeLimit) })} {saved}
				</NoticeRow>
			);
		case "unconfirmed":
			return (
				<NoticeRow next={<NextLink to="/account/profile">{t("chat_confirm_email")}</NextLink>}>
					{t("chat_limit_unconfirmed")}
					{resets} {t("chat_open_link_for_own", { daily: number(freeLimit) })} {saved}
				</NoticeRow>
			);
		case "free":
			return (
				<NoticeRow next={canPay && <NextLink to="/pricing">{t("chat_go_pro")}</NextLink>}>
					{t("chat_limit_free", { limit: number(limit.limit) })}
					{resets}
					{canPay && ` ${t("chat_pro_gives_more")}`}
					{canPay && isKept && ` ${t("chat_sent_once_upgraded")}`}
				</NoticeRow>
			);
		case "paid":
			if (organization && !organization.mayBuy) return <SpentPlanNotice name={organization.name} resetAt={limit.resetAt} />;
			return <PaidLimitNotice {...props} resetAt={limit.resetAt} />;
		case "member":
			return (
				<NoticeRow next={organization?.mayBuy && <NextLink to="/account/organization">{t("chat_change_limit")}</NextLink>}>
					{t("chat_limit_member", { count: limit.limit, organization: organization?.name ?? t("chat_your_organization") })}
					<Resets resetAt={limit.resetAt} /> {organization?.mayBuy ? t("chat_you_can_raise") : t("chat_owner_can_raise")} {saved}
				</NoticeRow>
			);
		case "in-flight":
			return (
				<NoticeRow next={<TryAgain onTryAgain={() => onTryAgain()} />}>
					{t("chat_limit_in_flight")} {saved}
				</NoticeRow>
			);
	}
}

interface TooFewNoticeProps extends PartProps {
	limit: Limit;
	tooFew: NonNullable<Limit["tooFew"]>;
	sending: Sending | undefined;
}

/** Requests are left, but fewer than the refused one costs. Each request that they cover is a button. */
function TooFewNotice({ limit, tooFew, sending, models, onSendAt, ...props }: TooFewNoticeProps) {
	const { units, left, affordable } = tooFew;
	return (
		<NoticeRow
			next={
				<div className="flex flex-wrap items-center gap-2">
					{sending &&
						affordable.filter(isNew).map((price) => (
							<button
								key={`${price.model} ${price.effort} ${price.whole}`}
								type="button"
								className="button-plain"
								onClick={() => onSendAt(sending, price)}
							>
								{otherWay(sending.price, price, models)} · {inRequests(price.units)}
							</button>
						))}
					<MoreLink {...props} policy={limit.policy} className={affordable.length > 0 ? "link px-2 py-3" : "button-next"} />
				</div>
			}
		>
			{left > 0 ? t("chat_costs_more_than_left", { price: inRequests(units), left: number(left) }) : t("chat_free_day_too_small")}{" "}
			{t("chat_draft_saved")}
		</NoticeRow>
	);
}

/** Whether no earlier offer has the same model and price: of two efforts at one price, one is enough. */
const isNew = (price: Price, at: number, offers: Price[]): boolean =>
	offers.findIndex(({ model, whole, units }) => model === price.model && whole === price.whole && units === price.units) === at;

/** How an offer differs from the refused request: "Send without older messages". */
function otherWay(refused: Price, offered: Price, models: ModelOption[]): string {
	const model = models.find(({ id }) => id === offered.model)?.label ?? offered.model;
	const ways = [
		offered.model !== refused.model && t("chat_send_with_model", { model }),
		offered.effort !== refused.effort && offered.effort && t("chat_send_with_effort", { effort: effortName(offered.effort) }),
		offered.model === refused.model && offered.effort !== refused.effort && !offered.effort && t("chat_send_without_effort"),
		refused.whole && !offered.whole && t("chat_send_without_older"),
	].filter((way) => typeof way === "string");
	return ways.length > 0 ? t("chat_send_in_way", { way: ways.join(", ") }) : t("chat_send");
}

interface MoreLinkProps extends Pick<PartProps, "organization" | "path" | "canPay">, Pick<Limit, "policy"> {
	className: string;
}

/** Where the viewer gets more requests than the limit allows, if anywhere. */
function MoreLink({ policy, organization, path, canPay, className }: MoreLinkProps) {
	const to = (page: NextPage, text: string) => (
		<NextLink to={page} className={className}>
			{text}
		</NextLink>
	);
	if (policy === "guest" || policy === "network") return <SignUpLink path={path} className={className} />;
	if (policy === "unconfirmed") return to("/account/profile", t("chat_confirm_email"));
	if (organization?.mayBuy === false || !canPay) return null;
	if (policy === "member") return to("/account/organization", t("chat_change_limit"));
	return policy === "paid" ? to("/account/plan", t("tally_buy_top_up")) : to("/pricing", t("chat_go_pro"));
}

function Resets({ resetAt }: { resetAt: string | null }) {
	if (!resetAt) return null;
	return <> {rich("chat_they_renew", { day: <LocalTime iso={resetAt} form="day" /> })}</>;
}

/** The organization's plan is used up, and the viewer may not buy for it. */
function SpentPlanNotice({ name, resetAt }: { name: string; resetAt: string | null }) {
	return (
		<NoticeRow>
			{t("chat_organization_spent", { organization: name })}
			<Resets resetAt={resetAt} /> {t("chat_owner_can_buy")} {t("chat_draft_saved")}
		</NoticeRow>
	);
}

type PaidLimitNoticeProps = Pick<PartProps, "plan" | "canPay" | "isKept" | "organization"> & { resetAt: string | null };

/** The plan is used up. A cancelled plan takes no top-up, so it has to be resumed first. */
function PaidLimitNotice({ plan, resetAt, canPay, isKept, organization }: PaidLimitNoticeProps) {
	if (plan?.state === "ending" && plan.at) {
		const day = <LocalTime iso={plan.at} form="day" />;
		return (
			<NoticeRow next={<NextLink to="/account/plan">{t("chat_resume_plan")}</NextLink>}>
				{organization
					? rich("chat_organization_spent_ending", { organization: organization.name, day })
					: rich("chat_plan_spent_ending", { day })}
			</NoticeRow>
		);
	}
	return (
		<NoticeRow next={canPay && <NextLink to="/account/plan">{t("tally_buy_top_up")}</NextLink>}>
			{organization ? t("chat_organization_spent", { organization: organization.name }) : t("chat_plan_spent")}
			<Resets resetAt={resetAt} />
			{canPay && ` ${t("chat_buy_to_go_on")}`}
			{canPay && isKept && ` ${t("chat_sent_once_bought")}`}
		</NoticeRow>
	);
}

/** The server refused the last request. */
function RefusedNotice({ refusal: { problem, sending }, path, canPay, onTryAgain, onSendAt }: PartProps & { refusal: Refusal }) {
	const { price, upgradeUrl } = problem;
	if (problem.type === PRICE_HAS_CHANGED && price && sending) {
		return (
			<NoticeRow
				next={
					<button type="button" className="button-plain" onClick={() => onSendAt(sending, price)}>
						{t("chat_send")} · {inRequests(price.units)}
					</button>
				}
			>
				{t("chat_price_changed", { now: inRequests(price.units), before: number(sending.price.units) })}
			</NoticeRow>
		);
	}
	if (problem.siteKey) {
		return (
			<>
				<NoticeRow next={<SignUpLink path={path} />}>
					{problem.detail} {t("chat_draft_saved")}
				</NoticeRow>
				<Suspense>
					<HumanCheck siteKey={problem.siteKey} action="guest" onSolved={onTryAgain} />
				</Suspense>
			</>
		);
	}
	if (upgradeUrl === "/sign-up")
		return (
			<NoticeRow next={<SignUpLink path={path} />}>
				{problem.detail} {t("chat_draft_saved")}
			</NoticeRow>
		);
	if (upgradeUrl) {
		const link = upgradeUrl.startsWith("/account") ? (
			<NextLink to="/account/plan">{t("chat_your_plan")}</NextLink>
		) : (
			<NextLink to="/pricing">{t("chat_go_pro")}</NextLink>
		);
		return (
			<NoticeRow next={canPay && link}>
				{problem.detail} {t("chat_draft_saved")}
			</NoticeRow>
		);
	}
	return (
		<NoticeRow next={!WANTS_A_CHANGE.test(problem.type) && <TryAgain onTryAgain={() => onTryAgain()} />}>
			{problem.detail}
			{problem.status >= 500 && <Reference id={problem.requestId} />}
		</NoticeRow>
	);
}

/** Problem types for which resending the same message would fail again. */
const WANTS_A_CHANGE = /:(?:not-readable-by-model|too-many-files|file-not-found|message-too-long)$/;

function SignUpLink({ path, className = "button-next" }: { path: string; className?: string }) {
	return (
		<Link to="/sign-up" search={{ next: path }} className={className}>
			{t("frame_sign_up")}
		</Link>
	);
}

type NextPage = "/pricing" | "/account/plan" | "/account/profile" | "/account/organization";

interface NextLinkProps {
	to: NextPage;
	className?: string;
	children: ReactNode;
}

function NextLink({ to, className = "button-next", children }: NextLinkProps) {
	return (
		<Link to={to} className={className}>
			{children}
		</Link>
	);
}
