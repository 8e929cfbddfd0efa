import { FlowgladProvider, useBilling } from "@flowglad/react";
import type { ReactNode } from "react";
import type { BillingAction } from "../../billing-sentences.ts";
import { toBillingView } from "../../view/flowglad.ts";
import { fetchAsViewer } from "../session/page-viewer.ts";
import { CheckoutButton, type CheckoutProps } from "./checkout.tsx";
import { serverActions } from "./server-actions.ts";
import { type ActionResult, type BillingActions, type BillingSource, failureOf } from "./source.ts";

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

/** Only the buy button, for a page without other billing data. */
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

/**
 * The hook only opens the provider's pages. Changes go through our server, because the hook reports a declined card as success, and any other failure
 * without its known outcome.
 */
function actionsOf(billing: Loaded): BillingActions {
	return {
		// `buy` too, because the hook drops the reason of a refusal.
		...serverActions,
		addPaymentMethod: (planId) =>
			leads(
				"add-card",
				billing.createAddPaymentMethodCheckoutSession({
					...pages("/account/plan", "/account/plan"),
					...(planId ? { targetSubscriptionId: planId } : {}),
				}),
			),
		activate: (planId, successPath) =>
			leads(
				"activate",
				billing.createActivateSubscriptionCheckoutSession({ targetSubscriptionId: planId, ...pages(successPath, "/account/plan") }),
			),
	};
}

/** The SDK requires absolute URLs, and redirects itself. */
const pages = (successPath: string, cancelPath: string) => ({
	successUrl: location.origin + successPath,
	cancelUrl: location.origin + cancelPath,
	autoRedirect: true,
});

async function leads(action: BillingAction, opened: Promise<object | undefined>): Promise<ActionResult> {
	const checkout = await opened.catch(() => undefined);
	if (checkout === undefined || "error" in checkout) return failureOf(action, checkout);
	return { kind: "done", value: undefined };
}
