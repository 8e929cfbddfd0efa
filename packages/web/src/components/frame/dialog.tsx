import { Dialog } from "@base-ui/react/dialog";
import { type ReactNode, type RefObject, useState } from "react";
import { t } from "../../text/text.ts";
import { CloseIcon } from "./icons.tsx";

interface ModalProps {
	/** Names the dialog, and is its heading unless `isTitleHidden`. */
	title: string;
	isTitleHidden?: boolean;
	/** Whether it has a bar with the title and a close button. */
	hasBar?: boolean;
	/** Whether a press outside closes it. For dialogs without input that could be lost. */
	closesBeside?: boolean;
	/** Its width, and its position if it is not centered. */
	className: string;
	/** The element that gets the focus back, if not the previously focused one. */
	finalFocus?: RefObject<HTMLElement | null>;
	onClose: () => void;
	children: ReactNode;
}

/** A modal dialog, open while it is rendered. Escape closes it. */
export function Modal({ title, isTitleHidden, hasBar, closesBeside, className, finalFocus, onClose, children }: ModalProps) {
	const [opener] = useState(() => document.activeElement as HTMLElement | null);
	const heading = <Dialog.Title className="font-semibold text-body wrap-anywhere">{title}</Dialog.Title>;
	return (
		<Dialog.Root open onOpenChange={useClosing(onClose)} disablePointerDismissal={!closesBeside}>
			<Dialog.Portal>
				<Dialog.Backdrop forceRender className="fixed inset-0 z-20 bg-veil" />
				<Dialog.Popup
					aria-label={isTitleHidden ? title : undefined}
					finalFocus={finalFocus ?? (() => (opener?.isConnected ? opener : true))}
					className={`fixed inset-0 z-20 overflow-y-auto overscroll-contain text-ink shadow-sheet outline-none ${className}`}
				>
					{hasBar ? (
						<div className="flex items-center justify-between">
							{heading}
							<Dialog.Close aria-label={t("frame_close")} className="button-bare min-w-9">
								<CloseIcon />
							</Dialog.Close>
						</div>
					) : (
						!isTitleHidden && heading
					)}
					{children}
				</Dialog.Popup>
			</Dialog.Portal>
		</Dialog.Root>
	);
}

/** Handles Base UI's close requests. Ignores the press that opened the dialog, which also reaches the listener for outside presses. */
export function useClosing(onClose: () => void) {
	const [sinceMs] = useState(() => performance.now());
	return (open: boolean, { event }: { event: Event }) => {
		if (!open && event.timeStamp > sinceMs) onClose();
	};
}

/** A ref that focuses a field as soon as it is mounted, so that no key press is lost. */
export const focusAtOnce = (field: HTMLInputElement | null) => {
	field?.focus();
	field?.select();
};

/** Centered in the page. */
export const MIDDLE = "m-auto h-fit w-full bg-raised max-h-[calc(100dvh-32px)] rounded-large p-6";

/** For a growing list, whose top must stay in place. */
export const UPPER =
	"mx-auto mt-[12dvh] h-fit w-full bg-raised max-h-[calc(88dvh-16px)] max-w-[min(32rem,calc(100vw-32px))] rounded-large p-2";
