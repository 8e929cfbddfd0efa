import { FlowgladProvider, useBilling } from "@flowglad/react";
import type { ReactNode } from "react";
import { toBillingView } from "../../view/flowglad.ts";
import { fetchAsViewer } from "../session/page-viewer.ts";
import { CheckoutButton, type CheckoutProps } from "./checkout.tsx";
import { serverActions } from "./server-source.tsx";
import type { BillingActions, BillingSource } from "./source.ts";

interface FlowgladSourceProps {
	children: (source: BillingSource) => ReactNode;
}

/** Reads and changes a customer's billing with Flowglad's hook. */
export default function FlowgladSource({ children }: FlowgladSourceProps) {
	return (
		<FlowgladProvider requestConfig={{ fetch: fetchAsViewer }}>
			<FromHook>{children}</FromHook>
		</FlowgladProvider>
	);
}

/** The buy button alone, for a page without other billing data. */
export function FlowgladCheckout({ priceSlug, successPath, cancelPath, ...button }: CheckoutProps) {
	return (
		<FlowgladSource>
			{(source) => (
				<CheckoutButton
					{...button}
					broken={source.state === "unavailable"}
					open={source.state === "here" ? () => source.actions.buy(priceSlug, successPath, cancelPath) : null}
				/>
			)}
		</FlowgladSource>
	);
}

function FromHook({ children }: FlowgladSourceProps) {
	const billing = useBilling();
	if (!billing.loaded) return children({ state: "asking" });
	if (!billing.customer) return children({ state: "unavailable" });
	const { reload } = billing;
	return children({
		state: "here",
		customerId: billing.customer.externalId,
		view: toBillingView(billing),
		actions: actionsOf(billing),
		reload: () => void reload?.(),
	});
}

type Loaded = Extract<ReturnType<typeof useBilling>, { loaded: true; customer: object }>;

function actionsOf(billing: Loaded): BillingActions {
	return {
		// Not the hook's `createCheckoutSession`: it loses the reason of a refusal.
		buy: serverActions.buy,
		addPaymentMethod: (planId) =>
			leads(
				billing.createAddPaymentMethodCheckoutSession({
					...pages("/account", "/account"),
					...(planId ? { targetSubscriptionId: planId } : {}),
				}),
			),
		activate: (planId, successPath) =>
			leads(billing.createActivateSubscriptionCheckoutSession({ targetSubscriptionId: planId, ...pages(successPath, "/account") })),
		cancel: async (id, when) => {
			const timing = when === "now" ? "immediately" : "at_end_of_current_billing_period";
			return Boolean((await billing.cancelSubscription({ id, cancellation: { timing } })).subscription);
		},
		keep: async (id) => Boolean((await billing.uncancelSubscription({ id })).subscription),
		// Not the hook's `adjustSubscription`: it reports a declined card as success.
		change: serverActions.change,
	};
}

/** The SDK takes absolute URLs and redirects by itself. */
const pages = (successPath: string, cancelPath: string) => ({
	successUrl: location.origin + successPath,
	cancelUrl: location.origin + cancelPath,
	autoRedirect: true,
});

async function leads(opened: Promise<object | undefined>): Promise<boolean> {
	const checkout = await opened.catch(() => undefined);
	return checkout !== undefined && !("error" in checkout);
}
