import { type ComponentType, useState } from "react";
import { t } from "../../text/text.ts";
import { ShareIcon } from "../frame/icons.tsx";
import type { ShareDialogProps } from "./share-dialog.tsx";

/** The button that shares and exports a chat. Its dialog is loaded when it is first opened. */
export function ShareButton(props: Omit<ShareDialogProps, "onClose">) {
	const [open, setOpen] = useState(false);
	const [Dialog, setDialog] = useState<ComponentType<ShareDialogProps>>();

	function show() {
		setOpen(true);
		if (!Dialog) import("./share-dialog.tsx").then((module) => setDialog(() => module.ShareDialog)).catch(() => setOpen(false));
	}

	return (
		<>
			<button
				type="button"
				aria-label={t("share_or_download")}
				title={t("share_or_download")}
				className="button-bare min-w-9 shrink-0"
				onClick={show}
			>
				<ShareIcon />
			</button>
			{open && Dialog && <Dialog {...props} onClose={() => setOpen(false)} />}
		</>
	);
}
