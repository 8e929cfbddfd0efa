import { type FormEvent, useEffect, useState } from "react";
import { FOLDER_NAME_CHARS_MAX } from "../../input.ts";
import { instructionFault, plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import type { FolderName } from "../../view/chat.ts";
import ConfirmDialog from "./confirming.tsx";
import { MIDDLE, Modal } from "./dialog.tsx";
import { changeFolder, deleteFolder, readFolder } from "./folder-requests.ts";
import { InstructionField } from "./instruction-field.tsx";

interface FolderDialogProps {
	folder: FolderName;
	/** The folder was changed or deleted. */
	onChanged: () => void;
	onClose: () => void;
}

/** A dialog to edit a folder's name and instructions, and to delete it. */
export function FolderDialog({ folder, onChanged, onClose }: FolderDialogProps) {
	const [instructions, setInstructions] = useState<string>();
	const [problem, setProblem] = useState<string>();
	const [isDeleting, setDeleting] = useState(false);
	const isFaulty = instructions === undefined || instructionFault("folder", plainInstruction(instructions)) !== undefined;

	useEffect(() => {
		readFolder(folder.id).then(
			(read) => setInstructions(read?.instructions ?? ""),
			() => setProblem(t("folder_not_loaded")),
		);
	}, [folder.id]);

	async function save(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		const name = String(new FormData(event.currentTarget).get("name")).trim();
		if (isFaulty || name === "") return;
		const failure = await failureOf(changeFolder({ id: folder.id, name, instructions: plainInstruction(instructions) }));
		if (failure) return setProblem(failure);
		onChanged();
		onClose();
	}

	return (
		<Modal title={t("folder_title")} className={`${MIDDLE} max-w-[min(34rem,calc(100vw-32px))]`} onClose={onClose}>
			<form className="mt-4 flex flex-col gap-4" onSubmit={(event) => void save(event)}>
				<label className="flex flex-col gap-1 font-medium">
					{t("auth_name")}
					<input
						name="name"
						defaultValue={folder.name}
						maxLength={FOLDER_NAME_CHARS_MAX}
						required
						autoComplete="off"
						dir="auto"
						className="field font-normal"
					/>
				</label>
				{instructions !== undefined && (
					<InstructionField
						part="folder"
						label={t("folder_question")}
						hint={t("folder_hint")}
						value={instructions}
						onChange={setInstructions}
					/>
				)}
				<p className="text-small text-soft">{t("folder_sent")}</p>
				{problem && (
					<p role="alert" className="text-warn">
						{problem}
					</p>
				)}
				<div className="flex flex-wrap justify-end gap-2">
					<button type="button" className="button-plain destructive mr-auto" onClick={() => setDeleting(true)}>
						{t("folder_delete_dots")}
					</button>
					<button type="button" className="button-bare" onClick={onClose}>
						{t("frame_cancel")}
					</button>
					<button type="submit" className="button-plain" disabled={isFaulty}>
						{t("frame_save")}
					</button>
				</div>
			</form>
			{isDeleting && (
				<ConfirmDialog
					title={t("folder_delete_title")}
					text={t("folder_delete_text")}
					action={t("folder_delete")}
					onConfirm={async () => {
						const failure = await failureOf(deleteFolder(folder.id));
						if (failure) return failure;
						onChanged();
						onClose();
					}}
					onClose={() => setDeleting(false)}
				/>
			)}
		</Modal>
	);
}

/** The message of a failure. Undefined if there is none. */
async function failureOf(done: Promise<void>): Promise<string | undefined> {
	try {
		await done;
	} catch (error) {
		return error instanceof Error ? error.message : t("chat_not_done_try");
	}
}
