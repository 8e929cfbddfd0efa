import { useState } from "react";
import type { LiveMessage } from "./live-chat.tsx";
import { textOf } from "./message.tsx";

export function AnswerActions({ message, onAskAgain }: { message: LiveMessage; onAskAgain: () => void }) {
	const { state, counted } = message.metadata ?? {};
	const free = (state === "failed" || state === "interrupted") && !counted;
	return (
		<div className="mt-3 -ml-2 flex flex-wrap items-center gap-1 text-small">
			{textOf(message) && <CopyButton text={textOf(message)} />}
			{free ? (
				<button type="button" className="button-plain ml-2 text-base" onClick={onAskAgain}>
					Try again
				</button>
			) : (
				<button type="button" className="button-bare" onClick={onAskAgain}>
					Ask again <span>· uses one request</span>
				</button>
			)}
		</div>
	);
}

function CopyButton({ text }: { text: string }) {
	const [copied, setCopied] = useState<boolean>();
	async function copy() {
		setCopied(
			await navigator.clipboard.writeText(text).then(
				() => true,
				() => false,
			),
		);
		setTimeout(() => setCopied(undefined), 2_000);
	}
	return (
		<button type="button" className="button-bare" onClick={() => void copy()}>
			<span aria-live="polite">{copied === undefined ? "Copy" : copied ? "Copied" : "Not copied"}</span>
		</button>
	);
}
