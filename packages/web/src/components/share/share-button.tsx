import { useState } from "react";
import { t } from "../../text/text.ts";
import { ShareIcon } from "../frame/icons.tsx";
import { opened } from "../frame/opened.tsx";
import type { ShareDialogProps } from "./share-dialog.tsx";

const ShareDialog = opened(() => import("./share-dialog.tsx").then((module) => module.ShareDialog));

/** The button that shares and exports a chat. Its dialog loads when first opened. */
export function ShareButton(props: Omit<ShareDialogProps, "onClose">) {
	const [open, setOpen] = useState(false);
	return (
		<>
			<button
				type="button"
				aria-label={t("share_or_download")}
				title={t("share_or_download")}
				className="button-bare min-w-9 shrink-0"
				onPointerEnter={ShareDialog.load}
				onFocus={ShareDialog.load}
				onClick={() => setOpen(true)}
			>
				<ShareIcon />
			</button>
			{open && <ShareDialog {...props} onClose={() => setOpen(false)} />}
		</>
	);
}
