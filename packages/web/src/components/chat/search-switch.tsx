import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { SearchOffer } from "../../view/chat.ts";
import { WebIcon } from "../frame/icons.tsx";
import { inRequests, useHydrated } from "../frame/local-time.tsx";
import type { Choice } from "./use-choice.ts";

interface SearchSwitchProps {
	offer: SearchOffer;
	choice: Choice;
	onChoose: (choice: Choice) => void;
}

/** Lets the model search the web. Shows the price per search, also before it is switched on. */
export function SearchSwitch({ offer, choice, onChoose }: SearchSwitchProps) {
	const hydrated = useHydrated();
	const { search, ...without } = choice;
	return (
		<button
			type="button"
			role="switch"
			aria-checked={search !== undefined}
			title={t("chat_search_title", { count: offer.max, price: inRequests(offer.units) })}
			disabled={!hydrated}
			className={`button-bare shrink-0 text-left text-small pointer-coarse:min-h-11 ${search ? "bg-said text-ink" : ""}`}
			onClick={() => onChoose(search ? without : { ...choice, search: offer })}
		>
			<WebIcon />
			<span>
				{rich("chat_web_search", {
					more: <span className="max-sm:sr-only">{t("chat_web_search_more")}</span>,
					units: String(offer.units),
					each: <span className="max-sm:sr-only"> {t("chat_web_search_each", { count: offer.units })}</span>,
				})}
			</span>
		</button>
	);
}
