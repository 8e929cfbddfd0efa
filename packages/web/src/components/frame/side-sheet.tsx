import type { ReactNode } from "react";
import { t } from "../../text/text.ts";
import { Modal } from "./dialog.tsx";

interface SideSheetProps {
	onClose: () => void;
	children: ReactNode;
}

/** The chat list over the chat, on a phone. Navigating from it closes it. */
export default function SideSheet({ onClose, children }: SideSheetProps) {
	return (
		<Modal title={t("frame_chats")} isTitleHidden closesBeside className="h-dvh w-80 max-w-[88vw] bg-margin" onClose={onClose}>
			{/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: follows the links and buttons in it */}
			<div className="flex h-full flex-col" onClick={(event) => (event.target as HTMLElement).closest("a, [data-leaves]") && onClose()}>
				{children}
			</div>
		</Modal>
	);
}
