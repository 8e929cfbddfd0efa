import { useState } from "react";

interface CopyButtonProps {
	/** Or a function that makes it, for what few people copy. */
	text: string | (() => string | Promise<string>);
	label?: string;
	/** Completes the button's name for screen readers. */
	what: string;
}

/** Copies a text to the clipboard. */
export function CopyButton({ text, label = "Copy", what }: CopyButtonProps) {
	const [copied, setCopied] = useState<boolean>();
	async function copy() {
		setCopied(
			await Promise.resolve(typeof text === "string" ? text : text())
				.then((made) => navigator.clipboard.writeText(made))
				.then(
					() => true,
					() => false,
				),
		);
		setTimeout(() => setCopied(undefined), 2_000);
	}
	return (
		<button type="button" className="button-bare text-small" onClick={() => void copy()}>
			<span aria-live="polite">{copied === undefined ? label : copied ? "Copied" : "Not copied"}</span>
			<span className="sr-only">{what}</span>
		</button>
	);
}
