import { useState } from "react";
import { plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import { InstructionsIcon } from "../frame/icons.tsx";
import { opened } from "../frame/opened.tsx";
import { instructChat } from "../requests.ts";
import type { Conversation } from "./conversation.ts";
import { keepDraft, NEW_INSTRUCTIONS } from "./draft.ts";
import type { InstructionsDialogProps } from "./instructions-dialog.tsx";

const InstructionsDialog = opened<InstructionsDialogProps>(() =>
	import("./instructions-dialog.tsx").then((module) => module.InstructionsDialog),
);

interface ChatInstructionsProps extends Pick<InstructionsDialogProps, "sizes" | "isUser" | "unitsWith"> {
	/** The chat's instructions. */
	saved: string;
	/** Set while a first message is in flight: whether it carried the instructions is not known yet. */
	disabled: boolean;
	onSave: (text: string) => Promise<string | undefined>;
}

/** The button for a chat's instructions, marked if there are any. The dialog loads when first opened. Unsaved text stays until it is discarded. */
export function ChatInstructions({ saved, disabled, onSave, ...props }: ChatInstructionsProps) {
	const [open, setOpen] = useState(false);
	const [written, setWritten] = useState<string>();

	const text = written ?? saved;
	return (
		<>
			<button
				type="button"
				aria-label={saved ? t("chat_instructions_set") : t("chat_instructions")}
				title={t("chat_instructions")}
				disabled={disabled}
				className="button-bare relative min-w-9 shrink-0"
				onPointerEnter={InstructionsDialog.load}
				onFocus={InstructionsDialog.load}
				onClick={() => setOpen(true)}
			>
				<InstructionsIcon />
				{saved && <span className="absolute top-1.5 right-1.5 size-1.5 rounded-full bg-ink" />}
			</button>
			{open && (
				<InstructionsDialog
					{...props}
					text={text}
					onChange={setWritten}
					onSave={() => onSave(text)}
					onClose={(isDropped) => {
						setOpen(false);
						if (isDropped) setWritten(undefined);
					}}
				/>
			)}
		</>
	);
}

/** Saves a chat's instructions. Those of a new chat wait for its first message. Resolves to an error message on failure. */
export async function instruct({ chat, draftKey, patch, events }: Conversation, text: string): Promise<string | undefined> {
	const plain = plainInstruction(text);
	try {
		if (draftKey === "new") keepDraft(NEW_INSTRUCTIONS, plain);
		else if (!chat.temporary) await instructChat(chat.id, plain);
		patch({ instructions: plain });
		events.onChanged();
	} catch (error) {
		return error instanceof Error ? error.message : t("chat_not_saved");
	}
}
