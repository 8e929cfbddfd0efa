import { useEffect, useId, useRef } from "react";
import { sendsWithMod } from "../chat/send-key.ts";
import { CloseIcon } from "./icons.tsx";
import { KEYS, keyName } from "./keys.ts";

export interface KeyListProps {
	onClose: () => void;
}

/** A dialog that lists the keys of the page. It gives the focus back when it is closed. */
export default function KeyList({ onClose }: KeyListProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	useEffect(() => dialog.current?.showModal(), []);
	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="w-full max-w-[min(28rem,calc(100vw-32px))] rounded-large bg-raised p-6 shadow-sheet"
			onClose={onClose}
		>
			<div className="-mt-2 -mr-2 mb-2 flex items-center justify-between">
				<h2 id={titleId} className="font-semibold text-body">
					Keyboard shortcuts
				</h2>
				<button type="button" aria-label="Close" className="button-bare min-w-9" onClick={() => dialog.current?.close()}>
					<CloseIcon />
				</button>
			</div>
			<dl>
				{Object.entries(KEYS).map(([name, key]) => (
					<div key={name} className="flex items-baseline justify-between gap-4 border-line border-t py-2">
						<dt>
							{key.does}
							{"where" in key && <span className="block text-small text-soft">{key.where}</span>}
						</dt>
						<dd className="flex shrink-0 gap-1">
							{pressOf(name, key.press).map((one) => (
								<kbd key={one} className="min-w-7 rounded-small bg-said px-2 shadow-flat py-0.5 text-center text-small">
									{keyName(one)}
								</kbd>
							))}
						</dd>
					</div>
				))}
			</dl>
		</dialog>
	);
}

/** With what a key is pressed, as this reader has set it. */
function pressOf(name: string, press: readonly string[]): readonly string[] {
	if (!sendsWithMod()) return press;
	return name === "send" ? ["Mod", "Enter"] : name === "newLine" ? ["Enter"] : press;
}
