import { useEffect, useEffectEvent, useState } from "react";
import type { UsageView } from "../../view.ts";
import { CloseSign } from "../frame/icons.tsx";
import { LocalNumber } from "../frame/local-time.tsx";

interface PaymentNoticeProps {
	bought: "plan" | "top-up";
	usage: UsageView;
	refresh: () => void;
	onClose: () => void;
}

const everyMs = 2_000;
const timesMax = 30;

/** Back from the checkout: the payment is confirmed a moment later, and the count is looked at until it is. */
export function PaymentNotice({ bought, usage, refresh, onClose }: PaymentNoticeProps) {
	const [times, setTimes] = useState(0);
	const here = bought === "plan" ? usage.tier === "paid" : usage.topUps > 0;
	const look = useEffectEvent(refresh);
	useEffect(() => {
		if (here || times >= timesMax) return;
		const timer = setTimeout(() => {
			look();
			setTimes(times + 1);
		}, everyMs);
		return () => clearTimeout(timer);
	}, [here, times]);

	return (
		<section aria-label="Payment" className="flex items-center gap-2 border-line border-b bg-margin py-2 pr-2 pl-4">
			<p role="status" className="grow">
				{here ? (
					<>
						Thank you. {bought === "plan" ? "You are on Pro now" : "Your top-up is here"}: <LocalNumber value={usage.remaining} /> requests
						are left.
					</>
				) : times < timesMax ? (
					"Thank you. Your payment is being confirmed; this takes a few seconds."
				) : (
					"Your payment is not confirmed yet. You can go on here; the count changes by itself when it is."
				)}
			</p>
			<button type="button" aria-label="Close this message" className="button-bare min-w-9" onClick={onClose}>
				<CloseSign />
			</button>
		</section>
	);
}
