import { lazy, Suspense, useState } from "react";
import type { Shell } from "../../view.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { UnconfirmedEmail } from "../session/unconfirmed-email.tsx";
import type { CheckoutProps } from "./checkout.tsx";

// @flowglad/react is loaded for a signed-in reader of this page, and never on the server.
const Checkout = import.meta.env.SSR ? (_: CheckoutProps) => null : lazy(() => import("./checkout.tsx"));

interface BuyButtonProps extends CheckoutProps {
	viewer: Shell["viewer"] & { kind: "user" };
	mailboxUrl: string | null;
}

/** To the checkout; or, while the address is not confirmed, to what has to be done first. */
export function BuyButton({ viewer, mailboxUrl, ...checkout }: BuyButtonProps) {
	const hydrated = useHydrated();
	const [asked, setAsked] = useState(false);
	const { label, main } = checkout;
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
	return (
		<Suspense fallback={waiting}>
			<Checkout {...checkout} />
		</Suspense>
	);
}
