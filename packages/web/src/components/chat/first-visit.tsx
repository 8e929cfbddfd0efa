import type { UsageView } from "../../view/usage.ts";
import { nearestLimit } from "../tally/marks.ts";
import { Tally } from "../tally/tally.tsx";

const prompts = [
	"Explain how a tally became a number system, in five sentences.",
	"Write a polite, short letter that asks my landlord to fix the heating.",
	"What should I ask before I sign a contract as a freelancer?",
];

/** The page of a new chat: what Parley is, and three prompts to try. */
export function FirstVisit({ usage, atLimit, onPick }: { usage: UsageView; atLimit: boolean; onPick: (prompt: string) => void }) {
	return (
		<div className="flex grow flex-col justify-end pt-8 sm:justify-center">
			<Tally usage={nearestLimit(usage)} size={2} />
			<p className="mt-5 max-w-lg text-balance text-title tracking-tight">
				Parley is a quiet place to ask an AI, where you always see what is left to ask.
			</p>
			{!atLimit && (
				<>
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
				</>
			)}
			<p className="mt-6 text-small text-soft pointer-coarse:hidden">
				<kbd>Enter</kbd> to send · <kbd>Shift + Enter</kbd> for a new line · <kbd>?</kbd> for all keys
			</p>
		</div>
	);
}
