import { lazy, Suspense, useState } from "react";
import type { Shell } from "../../view/shell.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { UnconfirmedEmail } from "../session/unconfirmed-email.tsx";
import { CheckoutButton, type CheckoutProps } from "./checkout.tsx";
import type { BillingActions } from "./source.ts";

// @flowglad/react is loaded for a signed-in reader of this page, and never on the server.
const FlowgladCheckout = import.meta.env.SSR
	? (_: CheckoutProps) => null
	: lazy(async () => ({ default: (await import("./flowglad-source.tsx")).FlowgladCheckout }));

interface BuyButtonProps extends CheckoutProps {
	hasBrowserSdk: boolean;
	/** Has the server open the checkout; the browser SDK's hook does it itself. */
	onBuy: BillingActions["buy"];
	viewer: Shell["viewer"] & { kind: "user" };
	mailboxUrl: string | null;
}

/** To the checkout; or, while the address is not confirmed, to what has to be done first. */
export function BuyButton({ hasBrowserSdk, onBuy, viewer, mailboxUrl, ...checkout }: BuyButtonProps) {
	const hydrated = useHydrated();
	const [asked, setAsked] = useState(false);
	const { label, main, priceSlug, successPath, cancelPath } = checkout;
	if (!viewer.emailVerified) {
		return asked ? (
			<UnconfirmedEmail email={viewer.email} mailboxUrl={mailboxUrl} purpose="pay" path={checkout.cancelPath} />
		) : (
			<button type="button" className={main ? "button-next" : "button-plain"} onClick={() => setAsked(true)}>
				{label}
			</button>
		);
	}
	const waiting = (
		<button type="button" className={main ? "button-next" : "button-plain"} disabled>
			{label}
		</button>
	);
	if (!hydrated) return waiting;
	if (!hasBrowserSdk) {
		return <CheckoutButton label={label} main={main} open={() => onBuy(priceSlug, successPath, cancelPath)} />;
	}
	return (
		<Suspense fallback={waiting}>
			<FlowgladCheckout {...checkout} />
		</Suspense>
	);
}
