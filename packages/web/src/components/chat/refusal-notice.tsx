import { Link } from "@tanstack/react-router";
import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import type { ModelOption, Price } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { inRequests, LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { type Failure, PRICE_HAS_CHANGED } from "./conversation.ts";
import type { HumanCheckProps } from "./human-check.tsx";
import type { Limit } from "./limit.ts";
import type { Sending } from "./live-chat.tsx";
import { NoticeRow, Reference, TryAgain } from "./notice-row.tsx";

// Few viewers ever see the check. When it does not load, the notice still offers to sign up.
const HumanCheck = lazy<ComponentType<HumanCheckProps>>(() => import("./human-check.tsx").catch(() => ({ default: () => null })));

type Refusal = Extract<Failure, { kind: "refused" }>;

export interface RefusalNoticeProps {
	limit: Limit | undefined;
	/** The last refusal; undefined where the balance alone shows the limit. */
	refusal: Refusal | undefined;
	/** The organization whose plan pays, if one does. */
	organization: UsageView["organization"];
	/** What there is to know of the plan that pays. */
	plan: UsageView["plan"];
	models: ModelOption[];
	path: string;
	/** Requests a day with a free account. */
	freeLimit: number;
	/** Whether this server sells anything. */
	canPay: boolean;
	/** The blocked message is kept and will be sent after a purchase. */
	isKept: boolean;
	/** `token`: a solved Turnstile check. */
	onTryAgain: (token?: string) => void;
	/** Sends what was refused in another way, or at another price. */
	onSendAt: (sending: Sending, price: Price) => void;
}

/** Why no request can be sent, or why the server did not take the last one, and what to do next. */
export default function RefusalNotice({ limit, refusal, ...props }: RefusalNoticeProps) {
	if (limit?.tooFew) return <TooFewNotice {...props} limit={limit} tooFew={limit.tooFew} sending={refusal?.sending} />;
	if (limit) return <LimitNotice {...props} limit={limit} />;
	return refusal && <RefusedNotice {...props} refusal={refusal} />;
}

type PartProps = Omit<RefusalNoticeProps, "limit" | "refusal">;

/** No request is left: each policy has its own next step. */
function LimitNotice(props: PartProps & { limit: Limit }) {
	const { limit, organization, path, freeLimit, canPay, isKept, onTryAgain } = props;
	const resets = limit.resetAt && (
		<>
			{" They reset at "}
			<LocalTime iso={limit.resetAt} form="time" />.
		</>
	);
	switch (limit.policy) {
		case "guest":
			return (
				<NoticeRow next={<SignUpLink path={path} />}>
					You’ve used your {limit.limit} free requests. Sign up to get {freeLimit} a day. Your draft is saved.
				</NoticeRow>
			);
		case "network":
			return (
				<NoticeRow next={<SignUpLink path={path} />}>
					Guests on your network have used today’s free requests. Sign up to get {freeLimit} a day of your own. Your draft is saved.
				</NoticeRow>
			);
		case "unconfirmed":
			return (
				<NoticeRow next={<NextLink to="/account/profile">Confirm email</NextLink>}>
					Accounts on your network without a confirmed email share a daily number of requests, and it’s used up.{resets} Open the link we
					emailed you to use your own {freeLimit} a day now. Your draft is saved.
				</NoticeRow>
			);
		case "free":
			return (
				<NoticeRow next={canPay && <NextLink to="/pricing">Go Pro</NextLink>}>
					You’ve used today’s {limit.limit} requests.{resets} {canPay && "Pro gives you more now."}
					{canPay && isKept && " We’ll send your message as soon as you upgrade."}
				</NoticeRow>
			);
		case "paid":
			if (organization && !organization.mayBuy) return <SpentPlanNotice name={organization.name} resetAt={limit.resetAt} />;
			return <PaidLimitNotice {...props} resetAt={limit.resetAt} />;
		case "member":
			return (
				<NoticeRow next={organization?.mayBuy && <NextLink to="/account/organization">Change the limit</NextLink>}>
					You’ve used the <LocalNumber value={limit.limit} /> {limit.limit === 1 ? "request" : "requests"}{" "}
					{organization?.name ?? "your organization"} gives each member.
					<Resets resetAt={limit.resetAt} /> {organization?.mayBuy ? "You can raise the limit." : "An owner or admin can give you more."}{" "}
					Your draft is saved.
				</NoticeRow>
			);
		case "in-flight":
			return (
				<NoticeRow next={<TryAgain onTryAgain={() => onTryAgain()} />}>
					You have too many answers in progress. Wait for one to finish, then try again. Your draft is saved.
				</NoticeRow>
			);
	}
}

interface TooFewNoticeProps extends PartProps {
	limit: Limit;
	tooFew: NonNullable<Limit["tooFew"]>;
	sending: Sending | undefined;
}

/** Requests are left, but fewer than the refused one costs: what they do pay for is a button each. */
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
			{left > 0 ? (
				<>
					This costs {inRequests(units)}, and you have <LocalNumber value={left} /> left.
				</>
			) : (
				"Your plan’s requests are used up, and today’s free requests don’t cover this one."
			)}{" "}
			Your draft is saved.
		</NoticeRow>
	);
}

/** Whether no offer before it costs the same for the same model: of two efforts at one price, one is enough. */
const isNew = (price: Price, at: number, offers: Price[]): boolean =>
	offers.findIndex(({ model, whole, units }) => model === price.model && whole === price.whole && units === price.units) === at;

/** How a request differs from the one that was refused: "Send without older messages". */
function otherWay(refused: Price, offered: Price, models: ModelOption[]): string {
	const model = models.find(({ id }) => id === offered.model)?.label ?? offered.model;
	const ways = [
		offered.model !== refused.model && `with ${model}`,
		offered.effort !== refused.effort && offered.effort && `with ${offered.effort} effort`,
		offered.model === refused.model && offered.effort !== refused.effort && !offered.effort && "without extra effort",
		refused.whole && !offered.whole && "without older messages",
	];
	return ["Send", ways.filter(Boolean).join(", ")].filter(Boolean).join(" ");
}

interface MoreLinkProps extends Pick<PartProps, "organization" | "path" | "canPay">, Pick<Limit, "policy"> {
	className: string;
}

/** Where the viewer gets more requests than a limit allows, if anywhere. */
function MoreLink({ policy, organization, path, canPay, className }: MoreLinkProps) {
	const to = (page: NextPage, text: string) => (
		<NextLink to={page} className={className}>
			{text}
		</NextLink>
	);
	if (policy === "guest" || policy === "network") return <SignUpLink path={path} className={className} />;
	if (policy === "unconfirmed") return to("/account/profile", "Confirm email");
	if (organization?.mayBuy === false || !canPay) return null;
	if (policy === "member") return to("/account/organization", "Change the limit");
	return policy === "paid" ? to("/account/plan", "Buy a top-up") : to("/pricing", "Go Pro");
}

function Resets({ resetAt }: { resetAt: string | null }) {
	if (!resetAt) return null;
	return (
		<>
			{" They renew on "}
			<LocalTime iso={resetAt} form="day" />.
		</>
	);
}

/** The organization's plan is spent, and the viewer may not buy for it. */
function SpentPlanNotice({ name, resetAt }: { name: string; resetAt: string | null }) {
	return (
		<NoticeRow>
			{name} has used all its requests for this billing period.
			<Resets resetAt={resetAt} /> An owner or admin can buy a top-up to keep everyone going. Your draft is saved.
		</NoticeRow>
	);
}

type PaidLimitNoticeProps = Pick<PartProps, "plan" | "canPay" | "isKept" | "organization"> & { resetAt: string | null };

/** The plan is spent. A cancelled plan takes no top-up, so the viewer has to resume it first. */
function PaidLimitNotice({ plan, resetAt, canPay, isKept, organization }: PaidLimitNoticeProps) {
	const spent = organization ? `${organization.name} has used all its requests` : "You’ve used all your requests";
	if (plan?.state === "ending" && plan.at) {
		return (
			<NoticeRow next={<NextLink to="/account/plan">Resume plan</NextLink>}>
				{spent} for this billing period, and the plan ends on <LocalTime iso={plan.at} form="day" />. Resume it to buy a top-up and keep
				going.
			</NoticeRow>
		);
	}
	return (
		<NoticeRow next={canPay && <NextLink to="/account/plan">Buy a top-up</NextLink>}>
			{spent} for this billing period.
			<Resets resetAt={resetAt} />
			{canPay && " Buy a top-up to keep going."}
			{canPay && isKept && " We’ll send your message as soon as you do."}
		</NoticeRow>
	);
}

/** The server did not take the last request. */
function RefusedNotice({ refusal: { problem, sending }, path, canPay, onTryAgain, onSendAt }: PartProps & { refusal: Refusal }) {
	const { price, upgradeUrl } = problem;
	if (problem.type === PRICE_HAS_CHANGED && price && sending) {
		return (
			<NoticeRow
				next={
					<button type="button" className="button-plain" onClick={() => onSendAt(sending, price)}>
						Send · {inRequests(price.units)}
					</button>
				}
			>
				The price has changed: this now costs {inRequests(price.units)}, not {sending.price.units}. Nothing was sent or counted.
			</NoticeRow>
		);
	}
	if (problem.siteKey) {
		return (
			<>
				<NoticeRow next={<SignUpLink path={path} />}>{problem.detail} Your draft is saved.</NoticeRow>
				<Suspense>
					<HumanCheck siteKey={problem.siteKey} action="guest" onSolved={onTryAgain} />
				</Suspense>
			</>
		);
	}
	if (upgradeUrl === "/sign-up") return <NoticeRow next={<SignUpLink path={path} />}>{problem.detail} Your draft is saved.</NoticeRow>;
	if (upgradeUrl) {
		const link = upgradeUrl.startsWith("/account") ? (
			<NextLink to="/account/plan">Your plan</NextLink>
		) : (
			<NextLink to="/pricing">Go Pro</NextLink>
		);
		return <NoticeRow next={canPay && link}>{problem.detail} Your draft is saved.</NoticeRow>;
	}
	return (
		<NoticeRow next={!WANTS_A_CHANGE.test(problem.type) && <TryAgain onTryAgain={() => onTryAgain()} />}>
			{problem.detail}
			{problem.status >= 500 && <Reference id={problem.requestId} />}
		</NoticeRow>
	);
}

/** The same message again would be refused again. */
const WANTS_A_CHANGE = /:(?:not-readable-by-model|too-many-files|file-not-found|message-too-long)$/;

function SignUpLink({ path, className = "button-next" }: { path: string; className?: string }) {
	return (
		<Link to="/sign-up" search={{ next: path }} className={className}>
			Sign up
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
