import type { SearchOffer } from "../../view/chat.ts";
import { WebIcon } from "../frame/icons.tsx";
import { inRequests, useHydrated } from "../frame/local-time.tsx";
import type { Choice } from "./use-choice.ts";

interface SearchSwitchProps {
	offer: SearchOffer;
	choice: Choice;
	onChoose: (choice: Choice) => void;
}

/** Lets the model search the web. Says what each search costs, also before it is switched on. */
export function SearchSwitch({ offer, choice, onChoose }: SearchSwitchProps) {
	const hydrated = useHydrated();
	const { search, ...without } = choice;
	return (
		<button
			type="button"
			role="switch"
			aria-checked={search !== undefined}
			title={`The model may search the web, at most ${offer.max} times for an answer. Each search adds ${inRequests(offer.units)}.`}
			disabled={!hydrated}
			className={`button-bare shrink-0 text-left text-small pointer-coarse:min-h-11 ${search ? "bg-said text-ink" : ""}`}
			onClick={() => onChoose(search ? without : { ...choice, search: offer })}
		>
			<WebIcon />
			<span>
				Web<span className="max-sm:sr-only"> search</span> · +{offer.units}
				<span className="max-sm:sr-only"> {offer.units === 1 ? "request" : "requests"} each</span>
			</span>
		</button>
	);
}
