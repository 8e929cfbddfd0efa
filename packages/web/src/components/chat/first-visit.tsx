import type { UsageView } from "../../view.ts";
import { Tally } from "../tally/tally.tsx";

const prompts = [
	"Explain how a tally became a number system, in five sentences.",
	"Write a polite, short letter that asks my landlord to fix the heating.",
	"What should I ask before I sign a contract as a freelancer?",
];

/** The blank page: what this is, and three things worth trying. */
export function FirstVisit({ usage, onPick }: { usage: UsageView; onPick: (prompt: string) => void }) {
	return (
		<div className="flex min-h-full flex-col justify-end pt-8 pb-4 sm:justify-center">
			<Tally usage={usage} size={2} />
			<p className="mt-5 max-w-lg text-balance text-title tracking-tight">
				Parley is a quiet place to ask an AI, where you always see what is left to ask.
			</p>
			<h2 className="mt-8 text-small text-soft">Worth a try</h2>
			<ul className="mt-1 -ml-2 flex flex-col items-start">
				{prompts.map((prompt) => (
					<li key={prompt}>
						<button type="button" className="button-bare min-h-11 justify-start text-left text-ink" onClick={() => onPick(prompt)}>
							{prompt}
						</button>
					</li>
				))}
			</ul>
		</div>
	);
}
