import { Link } from "@tanstack/react-router";
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { ModelOption, Price } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { inRequests, LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { type EndingPlan, readEndingPlan } from "../requests.ts";
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
					You have used your {limit.limit} free requests. Sign up to get {freeLimit} a day. What you wrote is kept.
				</NoticeRow>
			);
		case "network":
			return (
				<NoticeRow next={<SignUpLink path={path} />}>
					The free requests that guests share are used up for today. Sign up to get {freeLimit} a day of your own. What you wrote is kept.
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
					You have used today’s {limit.limit} requests.{resets} {canPay && "Pro has room for more now."}
					{canPay && isKept && " Your message goes out by itself once you have it."}
				</NoticeRow>
			);
		case "paid":
			if (organization && !organization.mayBuy) return <SpentPlanNotice name={organization.name} resetAt={limit.resetAt} />;
			return <PaidLimitNotice resetAt={limit.resetAt} canPay={canPay} isKept={isKept} organization={organization?.name} />;
		case "member":
			return (
				<NoticeRow next={organization?.mayBuy && <NextLink to="/account/organization">Change the limit</NextLink>}>
					You have used the <LocalNumber value={limit.limit} /> requests that {organization?.name ?? "your organization"} gives each member.
					<Resets resetAt={limit.resetAt} /> {organization?.mayBuy ? "You can set it higher." : "An owner or admin can give you more."} What
					you wrote is kept.
				</NoticeRow>
			);
		case "in-flight":
			return (
				<NoticeRow next={<TryAgain onTryAgain={() => onTryAgain()} />}>
					Wait a moment: as many answers as can be written for you at once are being written. Your message is kept.
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
			{" New ones come on "}
			<LocalTime iso={resetAt} form="day" />.
		</>
	);
}

/** The organization's plan is spent, and the viewer may not buy for it. */
function SpentPlanNotice({ name, resetAt }: { name: string; resetAt: string | null }) {
	return (
		<NoticeRow>
			{name} has used all requests of this period.
			<Resets resetAt={resetAt} /> An owner or admin can buy a top-up, so that all of you can go on now. What you wrote is kept.
		</NoticeRow>
	);
}

interface PaidLimitNoticeProps {
	resetAt: string | null;
	canPay: boolean;
	isKept: boolean;
	organization: string | undefined;
}

/** The plan is spent. A cancelled plan takes no top-up, so the viewer has to keep it first. */
function PaidLimitNotice({ resetAt, canPay, isKept, organization }: PaidLimitNoticeProps) {
	const subject = organization ? `${organization} has` : "You have";
	const [ending, setEnding] = useState<EndingPlan | null>(null);
	useEffect(() => {
		// If this cannot be read, the account page still says what can be bought.
		if (canPay) readEndingPlan().then(setEnding, () => undefined);
	}, [canPay]);
	if (ending) {
		return (
			<NoticeRow next={<NextLink to="/account/plan">Resume {ending.name}</NextLink>}>
				{subject} used all requests of this period, and {ending.name} ends on{" "}
				<LocalTime iso={new Date(ending.endMs).toISOString()} form="day" />. Keep it, and a top-up lets you go on now.
			</NoticeRow>
		);
	}
	return (
		<NoticeRow next={canPay && <NextLink to="/account/plan">Buy a top-up</NextLink>}>
			{subject} used all requests of this period.
			<Resets resetAt={resetAt} />
			{canPay && " A top-up lets you go on now."}
			{canPay && isKept && " Your message goes out by itself once you have it."}
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
				<NoticeRow next={<SignUpLink path={path} />}>{problem.detail} What you wrote is kept.</NoticeRow>
				<Suspense>
					<HumanCheck siteKey={problem.siteKey} action="guest" onSolved={onTryAgain} />
				</Suspense>
			</>
		);
	}
	if (upgradeUrl === "/sign-up") return <NoticeRow next={<SignUpLink path={path} />}>{problem.detail} Your draft is saved.</NoticeRow>;
	if (upgradeUrl) {
		const link = upgradeUrl.startsWith("/account") ? <NextLink to="/account/plan">Your plan</NextLink> : <NextLink to="/pricing">Go Pro</NextLink>;
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
