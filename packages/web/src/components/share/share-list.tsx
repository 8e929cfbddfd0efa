import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { Share } from "../../view/share.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { CopyButton } from "../frame/copy-button.tsx";
import { LocalTime } from "../frame/local-time.tsx";
import { addressOf, stopSharing } from "./share-requests.ts";

interface ShareListProps {
	shares: Share[];
	/** Called when a share was ended. */
	onChanged: () => void;
}

/** The viewer's shared chats, each with its link and a button that ends the share. */
export function ShareList({ shares, onChanged }: ShareListProps) {
	const [ending, setEnding] = useState<Share>();

	async function remove({ id }: Share) {
		const problem = await stopSharing(id);
		if (!problem) onChanged();
		return problem;
	}

	if (shares.length === 0) return <p className="text-soft">{t("share_none")}</p>;
	return (
		<>
			<ul className="flex flex-col">
				{shares.map((share) => (
					<li key={share.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-t py-3">
						<div className="min-w-0 grow basis-64">
							<Link to="/s/$shareId" params={{ shareId: share.id }} dir="auto" className="link block truncate" title={share.title}>
								{share.title}
							</Link>
							{share.takenDown && <p className="text-small text-warn">{t("share_taken_down")}</p>}
							<p className="text-small text-soft">
								{rich("share_shared_on", { day: <LocalTime iso={share.sharedAt} form="date" /> })} · {sizeOf(share)} ·{" "}
								<Link to="/c/$chatId" params={{ chatId: share.chatId }} className="link">
									{t("share_open_chat")}
								</Link>
							</p>
						</div>
						<div className="flex items-center gap-2">
							<button type="button" className="button-plain" onClick={() => (share.takenDown ? void remove(share) : setEnding(share))}>
								{share.takenDown ? t("share_remove") : t("share_stop")}
								<span className="sr-only"> “{share.title}”</span>
							</button>
							{!share.takenDown && (
								<CopyButton
									text={() => addressOf(share.id)}
									label={t("share_copy_link")}
									what={t("share_link_to", { title: share.title })}
								/>
							)}
						</div>
					</li>
				))}
			</ul>
			{ending && (
				<ConfirmDialog
					title={t("share_stop_title")}
					text={t("share_stop_text", { title: ending.title })}
					action={t("share_stop")}
					onConfirm={() => remove(ending)}
					onClose={() => setEnding(undefined)}
				/>
			)}
		</>
	);
}

function sizeOf({ messages, files }: Share): string {
	const texts = t("share_messages", { count: messages });
	return files === 0 ? texts : t("share_messages_and", { texts, files: t("chat_files_count", { count: files }) });
}
