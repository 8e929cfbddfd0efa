import type { KeyboardEvent } from "react";
import { t } from "../../text/text.ts";
import type { Versions } from "../../view/chat.ts";
import { BranchIcon, NextIcon, PreviousIcon } from "../frame/icons.tsx";
import { versionInWords } from "./conversation.ts";

interface VersionSwitcherProps {
	/** Undefined if there is only one version. */
	versions: Versions | undefined;
	/** Undefined while an answer streams. */
	onShow: ((turn: number) => void) | undefined;
}

/** Switches between the versions of a question or an answer: ‹ 2/3 ›, also with the arrow keys. Keeps focus at either end. */
export function VersionSwitcher({ versions, onShow }: VersionSwitcherProps) {
	if (!versions) return null;
	const { turns, at } = versions;
	const before = turns[at - 1];
	const after = turns[at + 1];
	const show = (turn: number | undefined) => turn !== undefined && onShow?.(turn);

	function onKeyDown(event: KeyboardEvent) {
		const turn = { ArrowLeft: before, ArrowRight: after }[event.key];
		if (turn === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
		event.preventDefault();
		show(turn);
	}

	return (
		<fieldset aria-label={versionInWords(versions)} className="flex items-center text-small text-soft" onKeyDown={onKeyDown}>
			<button
				type="button"
				aria-label={t("chat_version_before")}
				aria-disabled={before === undefined || !onShow}
				className="button-step"
				onClick={() => show(before)}
			>
				<PreviousIcon />
			</button>
			<span aria-hidden="true">
				{at + 1}/{turns.length}
			</span>
			<span className="sr-only">{versionInWords(versions)}</span>
			<button
				type="button"
				aria-label={t("chat_version_after")}
				aria-disabled={after === undefined || !onShow}
				className="button-step"
				onClick={() => show(after)}
			>
				<NextIcon />
			</button>
		</fieldset>
	);
}

export function BranchButton({ onBranch }: { onBranch: () => void }) {
	return (
		<button type="button" aria-label={t("chat_branch")} title={t("chat_branch")} className="button-step" onClick={onBranch}>
			<BranchIcon />
		</button>
	);
}
