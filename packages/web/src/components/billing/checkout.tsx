import { FlowgladProvider, useBilling } from "@flowglad/react";
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
			<CheckoutButton {...props} />
		</FlowgladProvider>
	);
}

export function CheckoutButton({ priceSlug, label, main, successPath, cancelPath }: CheckoutProps) {
	const billing = useBilling();
	const [state, setState] = useState<"ready" | "opening" | "failed">("ready");

	async function open() {
		if (!billing.createCheckoutSession) return;
		setState("opening");
		const checkout = await billing
			.createCheckoutSession({
				priceSlug,
				successUrl: location.origin + successPath,
				cancelUrl: location.origin + cancelPath,
				quantity: 1,
				autoRedirect: true,
			})
			.catch(() => undefined);
		if (!checkout || "error" in checkout) setState("failed");
	}

	const broken = billing.loaded && !billing.createCheckoutSession;
	return (
		<div className="flex flex-col items-start gap-2">
			<button
				type="button"
				className={main ? "button-next" : "button-plain"}
				disabled={!billing.createCheckoutSession || state === "opening"}
				onClick={() => void open()}
			>
				{state === "opening" ? "Opening the checkout" : label}
			</button>
			{(state === "failed" || broken) && (
				<p role="alert" className="text-warn">
					The checkout could not be opened just now, and nothing was charged. Please try again in a moment.
				</p>
			)}
		</div>
	);
}
