import { useEffect, useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { SuggestedPrompt } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { nearestLimit } from "../tally/marks.ts";
import { Tally } from "../tally/tally.tsx";
import { takeLostTemporary } from "./draft.ts";

interface FirstVisitProps {
	usage: UsageView;
	prompts: SuggestedPrompt[];
	atLimit: boolean;
	/** Puts a prompt into the composer. */
	onPick: (text: string) => void;
	/** Whether the chat will not be stored. */
	temporary: boolean;
	onTemporary: (temporary: boolean) => void;
}

/** The page of a new chat: what Parley is, and prompts to try. */
export function FirstVisit({ usage, prompts, atLimit, onPick, temporary, onTemporary }: FirstVisitProps) {
	const [isLost, setLost] = useState(false);
	useEffect(() => {
		if (takeLostTemporary()) setLost(true);
	}, []);
	return (
		<div className="flex grow flex-col justify-end pt-8 sm:justify-center">
			<Tally usage={nearestLimit(usage)} size={2} />
			<p className="mt-5 max-w-lg text-balance text-title tracking-tight">{isLost ? t("chat_temporary_gone") : t("chat_welcome")}</p>
			{!atLimit && prompts.length > 0 && (
				<>
					<h2 className="mt-8 text-small text-soft">{t("chat_try_one")}</h2>
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
				title={t("chat_temporary_hint")}
				className={`button-bare mt-4 -ml-2 self-start text-small ${temporary ? "bg-said text-ink" : ""}`}
				onClick={() => onTemporary(!temporary)}
			>
				{t("chat_temporary")}
			</button>
			<p className="mt-4 text-small text-soft pointer-coarse:hidden">
				<span className="sends-plain">
					{rich("chat_keys_enter", { enter: <kbd>{t("enter_plain")}</kbd>, newLine: <kbd>Shift + Enter</kbd> })}
				</span>
				<span className="sends-mod">
					{rich("chat_keys_mod", { ctrl: <kbd>{t("key_ctrl")}</kbd>, command: <kbd>⌘ + Enter</kbd>, enter: <kbd>{t("enter_plain")}</kbd> })}
				</span>
				{" · "}
				{rich("chat_keys_all", { key: <kbd>?</kbd> })}
			</p>
		</div>
	);
}
