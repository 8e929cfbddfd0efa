import { type ReactNode, useState } from "react";
import { t } from "../../text/text.ts";
import { MIDDLE, Modal } from "./dialog.tsx";

export interface ConfirmDialogProps {
	title: string;
	text: ReactNode;
	action: string;
	/** The label of the button that changes nothing. */
	dismiss?: string;
	/** Whether the action destroys something, as most confirmed actions do. Its button then never has the accent color. */
	isDestructive?: boolean;
	/** Resolves to an error message on failure. The dialog then stays open and shows it. */
	onConfirm: () => Promise<string | undefined>;
	onClose: () => void;
}

/** A modal dialog that confirms an action. It closes once the action succeeds or is dismissed. */
export default function ConfirmDialog({
	title,
	text,
	action,
	dismiss = t("frame_cancel"),
	isDestructive = true,
	onConfirm,
	onClose,
}: ConfirmDialogProps) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function confirm() {
		setBusy(true);
		const failure = await onConfirm();
		setBusy(false);
		setProblem(failure);
		if (!failure) onClose();
	}

	return (
		<Modal title={title} className={`${MIDDLE} max-w-[min(26rem,calc(100vw-32px))]`} onClose={onClose}>
			<p className="mt-2 text-soft wrap-anywhere">{text}</p>
			{problem && (
				<p role="alert" className="mt-3 text-warn">
					{problem}
				</p>
			)}
			<div className="mt-6 flex flex-wrap justify-end gap-2">
				<button type="button" className="button-plain" onClick={onClose}>
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
		</Modal>
	);
}
