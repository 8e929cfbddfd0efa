import { FlowgladProvider, type LoadedFlowgladContextValues, useBilling } from "@flowglad/react";
import { useState } from "react";

export interface CheckoutProps {
	priceSlug: string;
	label: string;
	/** Whether this is the one thing to do next on its page. */
	main: boolean;
	/** Where to come back to after paying, and after turning back. */
	successPath: string;
	cancelPath: string;
}

export default function Checkout(props: CheckoutProps) {
	return (
		<FlowgladProvider>
			<BuyPrice {...props} />
		</FlowgladProvider>
	);
}

export function BuyPrice({ priceSlug, label, main, successPath, cancelPath }: CheckoutProps) {
	const billing = useBilling();
	const create = billing.createCheckoutSession;
	const open = create && (() => create({ priceSlug, quantity: 1, ...checkoutPages(successPath, cancelPath) }));
	return <CheckoutButton label={label} main={main} open={open} broken={billing.loaded && !create} />;
}

interface CheckoutButtonProps {
	label: string;
	main: boolean;
	/** Null while it is not known how. */
	open: (() => ReturnType<LoadedFlowgladContextValues["createCheckoutSession"]>) | null;
	broken?: boolean;
}

/** A press leads to a page of the billing service. */
export function CheckoutButton({ label, main, open, broken = false }: CheckoutButtonProps) {
	const [state, setState] = useState<"ready" | "opening" | "failed">("ready");

	async function press() {
		if (!open) return;
		setState("opening");
		const checkout = await open().catch(() => undefined);
		if (!checkout || "error" in checkout) setState("failed");
	}

	return (
		<div className="flex flex-col items-start gap-2">
			<button
				type="button"
				className={main ? "button-next" : "button-plain"}
				disabled={!open || state === "opening"}
				onClick={() => void press()}
			>
				{state === "opening" ? "Opening the checkout" : label}
			</button>
			{(state === "failed" || broken) && (
				<p role="alert" className="text-warn">
					The checkout could not be opened just now, and this press charged nothing. Please look at your account, or try again in a moment.
				</p>
			)}
		</div>
	);
}

/** The SDK takes whole addresses, and leads there itself. */
export const checkoutPages = (successPath: string, cancelPath: string) => ({
	successUrl: location.origin + successPath,
	cancelUrl: location.origin + cancelPath,
	autoRedirect: true,
});
