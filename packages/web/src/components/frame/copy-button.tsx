import { useState } from "react";

/** Copies `text` to the clipboard. `what` completes the button's name for screen readers. */
export function CopyButton({ text, what }: { text: string; what: string }) {
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
		<button type="button" className="button-bare text-small" onClick={() => void copy()}>
			<span aria-live="polite">{copied === undefined ? "Copy" : copied ? "Copied" : "Not copied"}</span>
			<span className="sr-only">{what}</span>
		</button>
	);
}
