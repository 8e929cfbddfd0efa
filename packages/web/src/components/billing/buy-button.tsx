import { lazy, Suspense, useState } from "react";
import type { Shell } from "../../view/shell.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { UnconfirmedEmail } from "../session/unconfirmed-email.tsx";
import { CheckoutButton, type CheckoutProps } from "./checkout.tsx";
import type { BillingActions } from "./source.ts";

// @flowglad/react loads only for signed-in viewers of this page, and never on the server.
const FlowgladCheckout = import.meta.env.SSR
	? (_: CheckoutProps) => null
	: lazy(async () => ({ default: (await import("./flowglad-source.tsx")).FlowgladCheckout }));

interface BuyButtonProps extends CheckoutProps {
	hasBrowserSdk: boolean;
	/** Opens the checkout through the server. The browser SDK's hook opens its own. */
	onBuy: BillingActions["buy"];
	viewer: Shell["viewer"] & { kind: "user" };
	mailboxUrl: string | null;
}

/** Opens the checkout. While the viewer's email address is not confirmed, it explains how to confirm it instead. */
export function BuyButton({ hasBrowserSdk, onBuy, viewer, mailboxUrl, ...checkout }: BuyButtonProps) {
	const hydrated = useHydrated();
	const [pressed, setPressed] = useState(false);
	const { label, main, priceSlug, successPath, cancelPath } = checkout;
	if (!viewer.emailVerified) {
		return pressed ? (
			<UnconfirmedEmail email={viewer.email} mailboxUrl={mailboxUrl} purpose="pay" path={checkout.cancelPath} />
		) : (
			<button type="button" className={main ? "button-next" : "button-plain"} onClick={() => setPressed(true)}>
				{label}
			</button>
		);
	}
	const placeholder = (
		<button type="button" className={main ? "button-next" : "button-plain"} disabled>
			{label}
		</button>
	);
	if (!hydrated) return placeholder;
	if (!hasBrowserSdk) {
		return <CheckoutButton label={label} main={main} open={() => onBuy(priceSlug, successPath, cancelPath)} />;
	}
	return (
		<Suspense fallback={placeholder}>
			<FlowgladCheckout {...checkout} />
		</Suspense>
	);
}
