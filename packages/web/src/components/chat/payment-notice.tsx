import { useEffect, useEffectEvent, useState } from "react";
import type { UsageView } from "../../view/usage.ts";
import { CloseSign } from "../frame/icons.tsx";
import { LocalNumber } from "../frame/local-time.tsx";

interface PaymentNoticeProps {
	bought: "plan" | "top-up";
	usage: UsageView;
	/** Has the server look for what was bought, and resolves when the count is read. */
	look: () => Promise<unknown>;
	/** What was bought is here. */
	onHere: () => void;
	onClose: () => void;
}

/** Soon at first, as it takes a second or two; then for two minutes. */
const pausesMs = [0, 250, 400, 600, 900, 1_300, ...Array<number>(58).fill(2_000)];

/** Back from the checkout: the payment is confirmed a moment later, and the server is asked until it is. */
export function PaymentNotice({ bought, usage, look, onHere, onClose }: PaymentNoticeProps) {
	const [givenUp, setGivenUp] = useState(false);
	const here = bought === "plan" ? usage.tier === "paid" : usage.topUps > 0 && !usage.checkoutOpen;
	const lookOnce = useEffectEvent(look);
	const told = useEffectEvent(onHere);
	useEffect(() => {
		if (here) return told();
		let wanted = true;
		void (async () => {
			for (const pauseMs of pausesMs) {
				await new Promise((resolve) => setTimeout(resolve, pauseMs));
				if (!wanted) return;
				await lookOnce();
			}
			if (wanted) setGivenUp(true);
		})();
		return () => {
			wanted = false;
		};
	}, [here]);

	return (
		<section aria-label="Payment" className="flex items-center gap-2 border-line border-b bg-margin py-2 pr-2 pl-4">
			<p role="status" className="min-w-0 grow wrap-anywhere">
				{here ? (
					<>
						Thank you.{" "}
						{bought === "plan"
							? `${usage.organization?.name ?? "You"} ${usage.organization ? "is" : "are"} on Pro now`
							: "Your top-up is here"}
						: <LocalNumber value={usage.remaining} /> requests are left.
					</>
				) : givenUp ? (
					"Your payment is not confirmed yet. You can go on here; the count changes by itself when it is."
				) : (
					"Thank you. Your payment is being confirmed; with a card this takes a few seconds."
				)}
			</p>
			<button type="button" aria-label="Close this message" className="button-bare min-w-9" onClick={onClose}>
				<CloseSign />
			</button>
		</section>
	);
}
