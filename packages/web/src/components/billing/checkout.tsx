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

interface CheckoutButtonProps extends Pick<CheckoutProps, "label" | "main"> {
	/** Whether it leads away; null while it is not known how. */
	open: (() => Promise<boolean>) | null;
	broken?: boolean;
}

/** A press leads to a page of the billing service. */
export function CheckoutButton({ label, main, open, broken = false }: CheckoutButtonProps) {
	const [state, setState] = useState<"ready" | "opening" | "failed">("ready");

	async function press() {
		if (!open) return;
		setState("opening");
		if (!(await open())) setState("failed");
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
