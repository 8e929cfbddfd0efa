import { Dialog } from "@base-ui/react/dialog";
import { type ReactNode, type RefObject, useState } from "react";
import { t } from "../../text/text.ts";
import { CloseIcon } from "./icons.tsx";

interface ModalProps {
	/** Names the dialog, and is its heading unless `isTitleHidden`. */
	title: string;
	isTitleHidden?: boolean;
	/** A bar with the title and a button that closes the dialog. */
	hasBar?: boolean;
	/** Whether a press beside it closes it: where nothing that was written can be lost. */
	closesBeside?: boolean;
	/** Its width, and its place where it is not the middle. */
	className: string;
	/** What gets the focus back, where that is not what had it. */
	finalFocus?: RefObject<HTMLElement | null>;
	onClose: () => void;
	children: ReactNode;
}

/** A modal dialog, open as long as it is rendered. Escape closes it. */
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

/** Closes what Base UI wants to be closed. The press that opened it also reaches the listener for presses beside it, and changes nothing. */
export function useClosing(onClose: () => void) {
	const [sinceMs] = useState(() => performance.now());
	return (open: boolean, { event }: { event: Event }) => {
		if (!open && event.timeStamp > sinceMs) onClose();
	};
}

/** The ref of a field that has the focus as soon as it is there, so that no key is lost. */
export const focusAtOnce = (field: HTMLInputElement | null) => {
	field?.focus();
	field?.select();
};

/** In the middle of the page. */
export const MIDDLE = "m-auto h-fit w-full bg-raised max-h-[calc(100dvh-32px)] rounded-large p-6";

/** Where a list that gets longer keeps its beginning in place. */
export const UPPER =
	"mx-auto mt-[12dvh] h-fit w-full bg-raised max-h-[calc(88dvh-16px)] max-w-[min(32rem,calc(100vw-32px))] rounded-large p-2";
