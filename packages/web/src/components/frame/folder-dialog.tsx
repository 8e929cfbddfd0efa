import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { FOLDER_NAME_CHARS_MAX } from "../../input.ts";
import { instructionFault, plainInstruction } from "../../instructions.ts";
import type { FolderName } from "../../view/chat.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { changeFolder, deleteFolder, readFolder } from "./folder-requests.ts";
import { InstructionField } from "./instruction-field.tsx";

interface FolderDialogProps {
	folder: FolderName;
	/** The folder was changed or deleted. */
	onChanged: () => void;
	onClose: () => void;
}

const NOT_LOADED = "The folder didn’t load. Check your connection.";

/** A dialog for the name and the instructions of a folder, and to delete it. */
export function FolderDialog({ folder, onChanged, onClose }: FolderDialogProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const [instructions, setInstructions] = useState<string>();
	const [problem, setProblem] = useState<string>();
	const [isDeleting, setDeleting] = useState(false);
	const isFaulty = instructions === undefined || instructionFault("folder", plainInstruction(instructions)) !== undefined;

	useEffect(() => dialog.current?.showModal(), []);
	useEffect(() => {
		readFolder(folder.id).then(
			(read) => setInstructions(read?.instructions ?? ""),
			() => setProblem(NOT_LOADED),
		);
	}, [folder.id]);

	async function save(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		const name = String(new FormData(event.currentTarget).get("name")).trim();
		if (isFaulty || name === "") return;
		const failure = await failureOf(changeFolder({ id: folder.id, name, instructions: plainInstruction(instructions) }));
		if (failure) return setProblem(failure);
		onChanged();
		dialog.current?.close();
	}

	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="w-full max-w-[min(34rem,calc(100vw-32px))] rounded-large bg-raised p-6 shadow-sheet"
			onClose={(event) => event.target === dialog.current && onClose()}
		>
			<h2 id={titleId} className="font-semibold text-body">
				Folder
			</h2>
			<form className="mt-4 flex flex-col gap-4" onSubmit={(event) => void save(event)}>
				<label className="flex flex-col gap-1 font-medium">
					Name
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
						label="What should every answer in this folder follow?"
						hint="In all chats of the folder, before a chat’s own instructions"
						value={instructions}
						onChange={setInstructions}
					/>
				)}
				<p className="text-small text-soft">They’re sent with every message, and are part of its price.</p>
				{problem && (
					<p role="alert" className="text-warn">
						{problem}
					</p>
				)}
				<div className="flex flex-wrap justify-end gap-2">
					<button type="button" className="button-plain destructive mr-auto" onClick={() => setDeleting(true)}>
						Delete folder…
					</button>
					<button type="button" className="button-bare" onClick={() => dialog.current?.close()}>
						Cancel
					</button>
					<button type="submit" className="button-plain" disabled={isFaulty}>
						Save
					</button>
				</div>
			</form>
			{isDeleting && (
				<ConfirmDialog
					title="Delete this folder?"
					text="Its chats stay, and no longer follow its instructions."
					action="Delete folder"
					onConfirm={async () => {
						const failure = await failureOf(deleteFolder(folder.id));
						if (failure) return failure;
						onChanged();
						dialog.current?.close();
					}}
					onClose={() => setDeleting(false)}
				/>
			)}
		</dialog>
	);
}

/** The sentence of a failure; undefined without one. */
async function failureOf(done: Promise<void>): Promise<string | undefined> {
	try {
		await done;
	} catch (error) {
		return error instanceof Error ? error.message : "Couldn’t do this. Try again.";
	}
}
