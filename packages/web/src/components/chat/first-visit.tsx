import type { SuggestedPrompt } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { nearestLimit } from "../tally/marks.ts";
import { Tally } from "../tally/tally.tsx";

interface FirstVisitProps {
	usage: UsageView;
	prompts: SuggestedPrompt[];
	atLimit: boolean;
	/** Puts a prompt into the composer. */
	onPick: (text: string) => void;
	/** Whether the chat will be kept nowhere. */
	temporary: boolean;
	onTemporary: (temporary: boolean) => void;
}

/** The page of a new chat: what Parley is, and prompts to try. */
export function FirstVisit({ usage, prompts, atLimit, onPick, temporary, onTemporary }: FirstVisitProps) {
	return (
		<div className="flex grow flex-col justify-end pt-8 sm:justify-center">
			<Tally usage={nearestLimit(usage)} size={2} />
			<p className="mt-5 max-w-lg text-balance text-title tracking-tight">
				A quiet place to talk to AI. You always see how many requests you have left.
			</p>
			{!atLimit && prompts.length > 0 && (
				<>
					<h2 className="mt-8 text-small text-soft">Try one of these</h2>
					<ul className="mt-1 -ml-2 flex flex-col items-start">
						{prompts.map(({ label, text }) => (
							<li key={label} className="max-w-full">
								<button
									type="button"
									dir="auto"
									className="button-bare min-h-11 max-w-full justify-start text-start text-ink wrap-anywhere"
									onClick={() => onPick(text)}
								>
									{label}
								</button>
							</li>
						))}
					</ul>
				</>
			)}
			<button
				type="button"
				role="switch"
				aria-checked={temporary}
				title="It isn’t saved, and its requests count"
				className={`button-bare mt-4 -ml-2 self-start text-small ${temporary ? "bg-said text-ink" : ""}`}
				onClick={() => onTemporary(!temporary)}
			>
				Temporary chat
			</button>
			<p className="mt-4 text-small text-soft pointer-coarse:hidden">
				<span className="sends-plain">
					<kbd>Enter</kbd> to send · <kbd>Shift + Enter</kbd> for a new line
				</span>
				<span className="sends-mod">
					<kbd>Ctrl</kbd> or <kbd>⌘ + Enter</kbd> to send · <kbd>Enter</kbd> for a new line
				</span>
				{" · "}
				<kbd>?</kbd> for all keys
			</p>
		</div>
	);
}
