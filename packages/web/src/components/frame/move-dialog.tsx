import { type RefObject, useState } from "react";
import { FOLDER_NAME_CHARS_MAX } from "../../input.ts";
import { t } from "../../text/text.ts";
import type { FolderName } from "../../view/chat.ts";
import { MIDDLE, Modal } from "./dialog.tsx";
import { makeFolder } from "./folder-requests.ts";

interface MoveDialogProps {
	title: string;
	folders: readonly FolderName[];
	/** Moves the chat to a folder, or out of its folder. */
	onMove: (folder: string | null) => void;
	/** The element that gets the focus back. */
	button: RefObject<HTMLElement | null>;
	onClose: () => void;
}

/** A dialog that moves a chat to an existing or a new folder. */
export function MoveDialog({ title, folders, onMove, button, onClose }: MoveDialogProps) {
	const [problem, setProblem] = useState<string>();

	function move(folder: string | null) {
		onMove(folder);
		onClose();
	}

	async function moveToNew(form: FormData) {
		const name = String(form.get("name")).trim();
		if (name === "") return;
		try {
			move((await makeFolder(name)).id);
		} catch (error) {
			setProblem(error instanceof Error ? error.message : t("folder_create_failed"));
		}
	}

	return (
		<Modal
			title={t("folder_move_of", { title })}
			className={`${MIDDLE} max-w-[min(26rem,calc(100vw-32px))]`}
			finalFocus={button}
			onClose={onClose}
		>
			<ul className="mt-3 -mx-2 flex max-h-[40dvh] flex-col overflow-y-auto">
				{folders.map(({ id, name }) => (
					<li key={id}>
						<button type="button" dir="auto" className={`${row} truncate`} onClick={() => move(id)}>
							{name}
						</button>
					</li>
				))}
				<li>
					<button type="button" className={`${row} text-soft`} onClick={() => move(null)}>
						{t("folder_none")}
					</button>
				</li>
			</ul>
			<form action={moveToNew} className="mt-3 flex flex-wrap gap-2 border-line border-t pt-4">
				<input
					name="name"
					aria-label={t("folder_new")}
					placeholder={t("folder_new")}
					maxLength={FOLDER_NAME_CHARS_MAX}
					required
					autoComplete="off"
					dir="auto"
					className="field min-w-0 grow basis-40"
				/>
				<button type="submit" className="button-plain">
					{t("folder_create_and_move")}
				</button>
			</form>
			{problem && (
				<p role="alert" className="mt-3 text-warn">
					{problem}
				</p>
			)}
			<div className="mt-6 flex justify-end">
				<button type="button" className="button-bare" onClick={onClose}>
					{t("frame_cancel")}
				</button>
			</div>
		</Modal>
	);
}

const row = "block min-h-10 w-full rounded-small px-3 text-left hover:bg-said pointer-coarse:min-h-11";
