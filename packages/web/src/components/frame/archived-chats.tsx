import { useState } from "react";
import { t } from "../../text/text.ts";
import { ArchivedList, type ArchivedListProps } from "./archived-list.tsx";
import ConfirmDialog from "./confirming.tsx";
import { Modal, UPPER } from "./dialog.tsx";

export interface ArchivedChatsProps extends Pick<ArchivedListProps, "onChange"> {
	/** Rejects on failure. */
	onDeleteAll: () => Promise<void>;
	onClose: () => void;
}

/** A dialog that lists the archived chats, restores them, and deletes them or all chats. */
export default function ArchivedChats({ onChange, onDeleteAll, onClose }: ArchivedChatsProps) {
	const [isDeletingAll, setDeletingAll] = useState(false);

	return (
		<Modal title={t("frame_archived_chats")} hasBar closesBeside className={UPPER} onClose={onClose}>
			<div className="px-1">
				<ArchivedList onChange={onChange} onOpen={onClose} />
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
							onClose();
						} catch {
							return t("list_delete_all_failed");
						}
					}}
					onClose={() => setDeletingAll(false)}
				/>
			)}
		</Modal>
	);
}
