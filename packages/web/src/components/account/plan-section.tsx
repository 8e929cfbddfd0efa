import type { LoadedFlowgladContextValues } from "@flowglad/react";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { LocalTime } from "../frame/local-time.tsx";
import { Section } from "./section.tsx";

export type PaidSubscription = NonNullable<LoadedFlowgladContextValues["currentSubscriptions"]>[number];

const notDone = "The billing service did not do this just now. Nothing has changed; please try again in a moment.";

interface PlanSectionProps {
	billing: LoadedFlowgladContextValues;
	subscription: PaidSubscription | undefined;
	/** Nothing is left to ask: going on is the one thing to do next. */
	atLimit: boolean;
}

export function PlanSection({ billing, subscription, atLimit }: PlanSectionProps) {
	if (!subscription) {
		return (
			<Section title="Plan">
				<p>Free.</p>
				<Link to="/pricing" className="button-next mt-4">
					Go Pro
				</Link>
			</Section>
		);
	}
	const name = subscription.name ?? "Pro";
	return (
		<Section title="Plan">
			{subscription.status === "cancellation_scheduled" ? (
				<Cancelling billing={billing} subscription={subscription} name={name} main={atLimit} />
			) : (
				<Running billing={billing} subscription={subscription} name={name} />
			)}
		</Section>
	);
}

type PlanProps = { billing: LoadedFlowgladContextValues; subscription: PaidSubscription; name: string };

function Running({ billing, subscription, name }: PlanProps) {
	const [asking, setAsking] = useState(false);
	const end = subscription.currentBillingPeriodEnd;
	async function cancel() {
		const { subscription: after } = await billing.cancelSubscription({
			id: subscription.id,
			cancellation: { timing: "at_end_of_current_billing_period" },
		});
		return after ? undefined : notDone;
	}
	return (
		<>
			{subscription.status === "past_due" ? (
				<>
					<p className="text-warn">{name}. The last payment did not go through. Look at your card, so that it goes on.</p>
					{billing.billingPortalUrl && (
						<a href={billing.billingPortalUrl} className="button-next mt-4 mb-2" target="_blank" rel="noopener">
							Open the billing portal
						</a>
					)}
				</>
			) : (
				<p>
					{name}.{end && <Day before=" It renews on " at={end} />}
				</p>
			)}
			<div className="mt-2 -ml-2">
				<button type="button" className="button-bare" onClick={() => setAsking(true)}>
					Cancel {name}
				</button>
			</div>
			{asking && (
				<ConfirmDialog
					title={`Cancel ${name}?`}
					text={`It stays yours to the end of the period that you paid for, and then you are on the free plan. You can change your mind until then.`}
					action={`Cancel ${name}`}
					onConfirm={cancel}
					onClose={() => setAsking(false)}
				/>
			)}
		</>
	);
}

function Cancelling({ billing, subscription, name, main }: PlanProps & { main: boolean }) {
	const [state, setState] = useState<"ready" | "busy" | "failed">("ready");
	const end = subscription.cancelScheduledAt ?? subscription.currentBillingPeriodEnd;
	async function keep() {
		setState("busy");
		const { subscription: after } = await billing.uncancelSubscription({ id: subscription.id });
		setState(after ? "ready" : "failed");
	}
	return (
		<>
			<p>
				{name}, cancelled.{end && <Day before=" It stays yours until " at={end} />}
			</p>
			<button
				type="button"
				className={`${main ? "button-next" : "button-plain"} mt-4`}
				disabled={state === "busy"}
				onClick={() => void keep()}
			>
				Keep {name}
			</button>
			{state === "failed" && <Told>{notDone}</Told>}
		</>
	);
}

function Day({ before, at }: { before: string; at: number }) {
	return (
		<>
			{before}
			<LocalTime iso={new Date(at).toISOString()} form="date" />.
		</>
	);
}

function Told({ children }: { children: ReactNode }) {
	return (
		<p role="alert" className="mt-2 text-warn">
			{children}
		</p>
	);
}
