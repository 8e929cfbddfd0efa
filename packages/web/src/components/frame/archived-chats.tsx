import { useEffect, useId, useRef, useState } from "react";
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
					Archived chats
				</h2>
				<button type="button" aria-label="Close" className="button-bare min-w-9" onClick={() => dialog.current?.close()}>
					<CloseIcon />
				</button>
			</div>
			<div className="px-1">
				<ArchivedList onChange={onChange} onOpen={() => dialog.current?.close()} />
			</div>
			<div className="mt-2 border-line border-t px-1 pt-2">
				<button type="button" className="button-bare text-small" onClick={() => setDeletingAll(true)}>
					Delete all chats…
				</button>
			</div>
			{isDeletingAll && (
				<ConfirmDialog
					title="Delete all chats?"
					text="Every chat will be deleted, archived ones too. You can undo this for a few seconds. Used requests aren’t refunded."
					action="Delete all"
					dismiss="Cancel"
					onConfirm={async () => {
						try {
							await onDeleteAll();
							dialog.current?.close();
						} catch {
							return "Couldn’t delete your chats. Try again.";
						}
					}}
					onClose={() => setDeletingAll(false)}
				/>
			)}
		</dialog>
	);
}
