import { useState } from "react";
import { sentenceOf } from "../../billing-sentences.ts";
import { t } from "../../text/text.ts";
import type { ActionResult } from "./source.ts";

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
	/** Navigates to the provider's page. Null until the provider is loaded. */
	open: (() => Promise<ActionResult>) | null;
	/** The provider could not be loaded. */
	broken?: boolean;
}

/** A button that opens a page of the billing provider. */
export function CheckoutButton({ label, main, open, broken = false }: CheckoutButtonProps) {
	const [opening, setOpening] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function press() {
		if (!open) return;
		setOpening(true);
		setProblem(undefined);
		const result = await open();
		if (result.kind === "done") return;
		setOpening(false);
		setProblem(result.sentence);
	}

	return (
		<div className="flex flex-col items-start gap-2">
			<button type="button" className={main ? "button-next" : "button-plain"} disabled={!open || opening} onClick={() => void press()}>
				{opening ? t("plans_opening") : label}
			</button>
			{(problem !== undefined || broken) && (
				<p role="alert" className="text-warn">
					{problem ?? sentenceOf("buy", "unchanged")}
				</p>
			)}
		</div>
	);
}
