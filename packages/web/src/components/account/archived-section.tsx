import { useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatSummary } from "../../view/chat.ts";
import { ArchivedList } from "../frame/archived-list.tsx";
import { changeChat } from "../requests.ts";
import { Section } from "./section.tsx";

/** The last action on a chat, or why it failed. */
interface Done {
	text: string;
	undo?: () => void;
}

/** The archived chats on the settings page. A deleted one can be restored for some seconds, as in the chat list. */
export function ArchivedSection() {
	const [done, setDone] = useState<Done>();
	/** Incremented by each undo, to reload the list. */
	const [version, setVersion] = useState(0);

	async function change(chat: ChatSummary, to: ChatMarks) {
		try {
			await changeChat(chat.id, to);
		} catch (error) {
			setDone({ text: error instanceof Error ? error.message : t("chat_not_done_try") });
			throw error;
		}
		setDone(
			to.deleted
				? { text: t("list_deleted_one", { title: chat.title }), undo: () => void undo(chat) }
				: { text: t("list_back_again", { title: chat.title }) },
		);
	}

	async function undo(chat: ChatSummary) {
		const failed = await changeChat(chat.id, { deleted: false }).then(
			() => false,
			() => true,
		);
		setDone(failed ? { text: t("list_no_undo") } : undefined);
		setVersion((before) => before + 1);
	}

	return (
		<Section title={t("frame_archived_chats")}>
			<ArchivedList key={version} onChange={change} />
			<p role="status" className="flex flex-wrap items-center gap-x-4 text-small text-soft">
				{done && (
					<>
						<span className="wrap-anywhere">{done.text}</span>
						{done.undo && (
							<button type="button" className="link min-h-9 font-medium pointer-coarse:min-h-11" onClick={done.undo}>
								{t("side_undo")}
							</button>
						)}
					</>
				)}
			</p>
		</Section>
	);
}
