import { useEffect, useEffectEvent, useState } from "react";
import { t } from "../../text/text.ts";
import type { UsageView } from "../../view/usage.ts";
import { CloseIcon } from "../frame/icons.tsx";

interface PaymentNoticeProps {
	bought: "plan" | "top-up";
	usage: UsageView;
	/** Makes the server read the purchase from the provider. Resolves once the new balance is read. */
	refresh: () => Promise<unknown>;
	/** Called once when the purchase shows in the balance. */
	onConfirmed: () => void;
	onClose: () => void;
}

/** Confirmation usually takes a second or two, so the first polls are close together. Stops after two minutes. */
const pausesMs = [0, 250, 400, 600, 900, 1_300, ...Array<number>(58).fill(2_000)];

/** Whether the balance shows the purchase. A top-up bought earlier does not count as this one while the checkout is open. */
export const isConfirmed = (bought: "plan" | "top-up", usage: UsageView): boolean =>
	bought === "plan" ? usage.tier === "paid" : usage.topUps > 0 && !usage.checkoutOpen;

function whatIsHere(bought: "plan" | "top-up", { organization }: UsageView): string {
	if (bought === "top-up") return t("chat_top_up_here");
	return organization ? t("chat_organization_on_pro", { organization: organization.name }) : t("chat_on_pro");
}

/** Shown after the checkout. Polls the balance until the provider confirms the payment. */
export function PaymentNotice({ bought, usage, refresh, onConfirmed, onClose }: PaymentNoticeProps) {
	const [givenUp, setGivenUp] = useState(false);
	const confirmed = isConfirmed(bought, usage);
	const refreshOnce = useEffectEvent(refresh);
	const report = useEffectEvent(onConfirmed);
	useEffect(() => {
		if (confirmed) return report();
		let current = true;
		void (async () => {
			for (const pauseMs of pausesMs) {
				await new Promise((resolve) => setTimeout(resolve, pauseMs));
				if (!current) return;
				await refreshOnce();
			}
			if (current) setGivenUp(true);
		})();
		return () => {
			current = false;
		};
	}, [confirmed]);

	return (
		<section aria-label={t("chat_payment")} className="flex items-center gap-2 border-line border-b bg-margin py-2 pr-2 pl-4">
			<p role="status" className="min-w-0 grow wrap-anywhere">
				{confirmed ? (
					<>
						{whatIsHere(bought, usage)} {t("chat_you_have", { count: usage.remaining })}
					</>
				) : givenUp ? (
					t("chat_payment_late")
				) : (
					t("chat_payment_pending")
				)}
			</p>
			<button type="button" aria-label={t("chat_close_message")} className="button-bare min-w-9" onClick={onClose}>
				<CloseIcon />
			</button>
		</section>
	);
}
