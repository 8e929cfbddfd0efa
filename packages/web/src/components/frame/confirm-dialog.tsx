import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { t } from "../../text/text.ts";

interface ConfirmDialogProps {
	title: string;
	text: ReactNode;
	action: string;
	/** The label of the button that changes nothing. */
	dismiss?: string;
	/** Whether the action takes something away, as most do that have to be confirmed. Such a button is never in the accent color. */
	isDestructive?: boolean;
	/** Resolves to a sentence when it failed. The dialog then stays open and shows it. */
	onConfirm: () => Promise<string | undefined>;
	onClose: () => void;
}

/** A modal dialog that confirms an action. It closes when the action succeeded or was dismissed. */
export function ConfirmDialog({
	title,
	text,
	action,
	dismiss = t("frame_cancel"),
	isDestructive = true,
	onConfirm,
	onClose,
}: ConfirmDialogProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();

	useEffect(() => dialog.current?.showModal(), []);

	async function confirm() {
		setBusy(true);
		const failure = await onConfirm();
		setBusy(false);
		setProblem(failure);
		if (!failure) dialog.current?.close();
	}

	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="w-full max-w-[min(26rem,calc(100vw-32px))] rounded-large bg-raised p-6 shadow-sheet"
			onClose={onClose}
		>
			<h2 id={titleId} className="font-semibold text-body">
				{title}
			</h2>
			<p className="mt-2 text-soft wrap-anywhere">{text}</p>
			{problem && (
				<p role="alert" className="mt-3 text-warn">
					{problem}
				</p>
			)}
			<div className="mt-6 flex flex-wrap justify-end gap-2">
				<button type="button" className="button-plain" onClick={() => dialog.current?.close()}>
					{dismiss}
				</button>
				<button
					type="button"
					className={isDestructive ? "button-plain destructive" : "button-next"}
					disabled={busy}
					onClick={() => void confirm()}
				>
					{action}
				</button>
			</div>
		</dialog>
	);
}
