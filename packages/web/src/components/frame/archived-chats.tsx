import { useEffect, useId, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import { ArchivedList, type ArchivedListProps } from "./archived-list.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { CloseIcon } from "./icons.tsx";

export interface ArchivedChatsProps extends Pick<ArchivedListProps, "onChange"> {
	/** Rejects when it failed. */
	onDeleteAll: () => Promise<void>;
	onClose: () => void;
}

/** A dialog that lists the archived chats, brings them back, and deletes them or all chats. */
export default function ArchivedChats({ onChange, onDeleteAll, onClose }: ArchivedChatsProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const [isDeletingAll, setDeletingAll] = useState(false);
	useEffect(() => dialog.current?.showModal(), []);

	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="mt-[12dvh] w-full max-w-[min(32rem,calc(100vw-32px))] rounded-large bg-raised p-2 shadow-sheet"
			onClose={(event) => event.target === dialog.current && onClose()}
		>
			<div className="flex items-center justify-between pl-3">
				<h2 id={titleId} className="font-semibold text-body">
					{t("frame_archived_chats")}
				</h2>
				<button type="button" aria-label={t("frame_close")} className="button-bare min-w-9" onClick={() => dialog.current?.close()}>
					<CloseIcon />
				</button>
			</div>
			<div className="px-1">
				<ArchivedList onChange={onChange} onOpen={() => dialog.current?.close()} />
			</div>
			<div className="mt-2 border-line border-t px-1 pt-2">
				<button type="button" className="button-bare text-small" onClick={() => setDeletingAll(true)}>
					{t("list_delete_all_dots")}
				</button>
			</div>
			{isDeletingAll && (
				<ConfirmDialog
					title={t("list_delete_all_title")}
					text={t("list_delete_all_text")}
					action={t("list_delete_all")}
					onConfirm={async () => {
						try {
							await onDeleteAll();
							dialog.current?.close();
						} catch {
							return t("list_delete_all_failed");
						}
					}}
					onClose={() => setDeletingAll(false)}
				/>
			)}
		</dialog>
	);
}
