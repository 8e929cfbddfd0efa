import { Link } from "@tanstack/react-router";
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { UsageView } from "../../view/usage.ts";
import { LocalNumber, LocalTime } from "../frame/local-time.tsx";
import { type EndingPlan, readEndingPlan } from "../requests.ts";
import type { Failure } from "./conversation.ts";
import type { HumanCheckProps } from "./human-check.tsx";
import type { Limit } from "./limit.ts";

// Few viewers ever see the check. When it does not load, the notice still offers to sign up.
const HumanCheck = lazy<ComponentType<HumanCheckProps>>(() => import("./human-check.tsx").catch(() => ({ default: () => null })));

interface LimitNoticeProps {
	limit: Limit;
	/** The organization whose plan pays, if one does. */
	organization: UsageView["organization"];
	path: string;
	/** Requests a day with a free account. */
	freeLimit: number;
	/** Whether this server sells anything. */
	canPay: boolean;
	/** The blocked message is kept and will be sent after a purchase. */
	isKept: boolean;
	onTryAgain: () => void;
}

/** Why no request can be sent, and the one next step: each policy has its own. */
export function LimitNotice({ limit, organization, path, freeLimit, canPay, isKept, onTryAgain }: LimitNoticeProps) {
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
				<NoticeRow next={<NextLink to="/account">Confirm email</NextLink>}>
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
				<NoticeRow next={organization?.mayBuy && <NextLink to="/account">Change the limit</NextLink>}>
					You have used the <LocalNumber value={limit.limit} /> requests that {organization?.name ?? "your organization"} gives each member.
					<Resets resetAt={limit.resetAt} /> {organization?.mayBuy ? "You can set it higher." : "An owner or admin can give you more."} What
					you wrote is kept.
				</NoticeRow>
			);
		case "in-flight":
			return (
				<NoticeRow next={<TryAgain onTryAgain={onTryAgain} />}>
					Wait a moment: as many answers as can be written for you at once are being written. Your message is kept.
				</NoticeRow>
			);
	}
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
			<NoticeRow next={<NextLink to="/account">Keep {ending.name}</NextLink>}>
				{subject} used all requests of this period, and {ending.name} ends on{" "}
				<LocalTime iso={new Date(ending.endMs).toISOString()} form="day" />. Keep it, and a top-up lets you go on now.
			</NoticeRow>
		);
	}
	return (
		<NoticeRow next={canPay && <NextLink to="/account">Buy a top-up</NextLink>}>
			{subject} used all requests of this period.
			<Resets resetAt={resetAt} />
			{canPay && " A top-up lets you go on now."}
			{canPay && isKept && " Your message goes out by itself once you have it."}
		</NoticeRow>
	);
}

interface FailureNoticeProps {
	failure: Failure;
	path: string;
	/** `token`: a solved Turnstile check. */
	onTryAgain: (token?: string) => void;
}

/** Why the last request failed, with a retry where one helps. */
export function FailureNotice({ failure, path, onTryAgain }: FailureNoticeProps) {
	const tryAgain = <TryAgain onTryAgain={() => onTryAgain()} />;
	switch (failure.kind) {
		case "unreached":
			return (
				<NoticeRow next={tryAgain}>
					Your message did not get through. Look at your connection; your words are kept, and sending them again counts once.
				</NoticeRow>
			);
		case "broken":
			return <NoticeRow>The connection was lost. The answer goes on without it: load the page again to see it.</NoticeRow>;
		case "stop-failed":
			return <NoticeRow>The answer could not be stopped: the server did not reply. Please try once more.</NoticeRow>;
		case "undone":
			return <NoticeRow>{failure.note} The chat is as it was.</NoticeRow>;
		case "refused":
			if (failure.problem.siteKey) {
				return (
					<>
						<NoticeRow next={<SignUpLink path={path} />}>{failure.problem.detail} What you wrote is kept.</NoticeRow>
						<Suspense>
							<HumanCheck siteKey={failure.problem.siteKey} action="guest" onSolved={onTryAgain} />
						</Suspense>
					</>
				);
			}
			return <NoticeRow next={tryAgain}>{failure.problem.detail}</NoticeRow>;
	}
}

/** Shown while the browser is offline and no other notice is. */
export function OfflineNotice() {
	return <NoticeRow>You are offline. You can go on writing; send it when you are back.</NoticeRow>;
}

function NoticeRow({ children, next }: { children: ReactNode; next?: ReactNode }) {
	return (
		<div role="status" className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3 border-line border-t py-3">
			<p className="max-w-md grow basis-64 text-pretty wrap-anywhere">{children}</p>
			{next}
		</div>
	);
}

function SignUpLink({ path }: { path: string }) {
	return (
		<Link to="/sign-up" search={{ next: path }} className="button-next">
			Sign up
		</Link>
	);
}

function NextLink({ to, children }: { to: "/pricing" | "/account"; children: ReactNode }) {
	return (
		<Link to={to} className="button-next">
			{children}
		</Link>
	);
}

function TryAgain({ onTryAgain }: { onTryAgain: () => void }) {
	return (
		<button type="button" className="button-plain" onClick={onTryAgain}>
			Try again
		</button>
	);
}
