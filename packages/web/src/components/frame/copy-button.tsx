import { useState } from "react";
import { t } from "../../text/text.ts";

interface CopyButtonProps {
	/** The text, or a function that produces it on demand, for what is rarely copied. */
	text: string | (() => string | Promise<string>);
	label?: string;
	/** Completes the button's name for screen readers. */
	what: string;
}

/**
 * Writes a text to the clipboard, also over plain HTTP, where the clipboard API is missing.
 * @throws if the browser does not allow it
 */
async function write(text: string): Promise<void> {
	// Undefined over plain HTTP, despite its type.
	const clipboard = navigator.clipboard as Clipboard | undefined;
	if (clipboard) return clipboard.writeText(text);
	let isTaken = false;
	const take = (event: ClipboardEvent) => {
		event.clipboardData?.setData("text/plain", text);
		event.preventDefault();
		isTaken = true;
	};
	document.addEventListener("copy", take);
	const isDone = document.execCommand("copy");
	document.removeEventListener("copy", take);
	if (!isDone || !isTaken) throw new Error("the browser did not copy");
}

/** Copies a text to the clipboard. */
export function CopyButton({ text, label = t("frame_copy"), what }: CopyButtonProps) {
	const [copied, setCopied] = useState<boolean>();
	// A long chat has hundreds of these buttons, so only the focused one announces its result.
	const [focused, setFocused] = useState(false);
	async function copy() {
		setCopied(
			await Promise.resolve(typeof text === "string" ? text : text())
				.then(write)
				.then(
					() => true,
					() => false,
				),
		);
		setTimeout(() => setCopied(undefined), 2_000);
	}
	return (
		<button
			type="button"
			className="button-bare text-small"
			onClick={() => void copy()}
			onFocus={() => setFocused(true)}
			onBlur={() => setFocused(false)}
		>
			<span aria-live={focused ? "polite" : undefined}>
				{copied === undefined ? label : copied ? t("frame_copied") : t("frame_copy_not_allowed")}
			</span>
			<span className="sr-only">{what}</span>
		</button>
	);
}
