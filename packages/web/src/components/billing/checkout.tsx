import { useState } from "react";
import type { Opened } from "./source.ts";

export interface CheckoutProps {
	priceSlug: string;
	label: string;
	/** Whether this is the primary action of its page. */
	main: boolean;
	/** The page to return to after paying. */
	successPath: string;
	/** The page to return to without paying. */
	cancelPath: string;
}

interface CheckoutButtonProps extends Pick<CheckoutProps, "label" | "main"> {
	/** Leaves for the provider's page. Null until the provider is loaded. */
	open: (() => Promise<Opened>) | null;
	/** The provider could not be loaded. */
	broken?: boolean;
}

/** A button that leads to a page of the billing provider. */
export function CheckoutButton({ label, main, open, broken = false }: CheckoutButtonProps) {
	const [state, setState] = useState<"ready" | "opening" | "failed">("ready");
	const [reason, setReason] = useState<string>();

	async function press() {
		if (!open) return;
		setState("opening");
		const opened = await open();
		if (opened === true) return;
		setReason(opened || undefined);
		setState("failed");
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
					{reason ??
						"The checkout could not be opened just now, and this press charged nothing. Please look at your account, or try again in a moment."}
				</p>
			)}
		</div>
	);
}
