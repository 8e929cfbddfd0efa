import { t } from "../../text/text.ts";
import { sendsWithMod } from "../chat/send-key.ts";
import { MIDDLE, Modal } from "./dialog.tsx";
import { KEYS, type KeyName, keyName } from "./keys.ts";

export interface KeyListProps {
	onClose: () => void;
}

/** A dialog that lists the keyboard shortcuts. Returns the focus when it closes. */
export default function KeyList({ onClose }: KeyListProps) {
	return (
		<Modal title={t("frame_shortcuts")} hasBar closesBeside className={`${MIDDLE} max-w-[min(28rem,calc(100vw-32px))]`} onClose={onClose}>
			<dl className="mt-2">
				{Object.entries(KEYS).map(([name, { press }]) => {
					const { does, where } = textOf(name as KeyName);
					return (
						<div key={name} className="flex items-baseline justify-between gap-4 border-line border-t py-2">
							<dt>
								{does}
								{where && <span className="block text-small text-soft">{where}</span>}
							</dt>
							<dd className="flex shrink-0 gap-1">
								{pressOf(name, press).map((one) => (
									<kbd key={one} className="min-w-7 rounded-small bg-said px-2 shadow-flat py-0.5 text-center text-small">
										{keyName(one)}
									</kbd>
								))}
							</dd>
						</div>
					);
				})}
			</dl>
		</Modal>
	);
}

/** What a shortcut does, and where, if not everywhere. */
function textOf(name: KeyName): { does: string; where?: string } {
	switch (name) {
		case "send":
			return { does: t("key_send"), where: t("key_send_where") };
		case "newLine":
			return { does: t("key_new_line") };
		case "editLast":
			return { does: t("key_edit_last"), where: t("key_edit_last_where") };
		case "stop":
			return { does: t("key_stop") };
		case "search":
			return { does: t("frame_find_chat") };
		case "chatActions":
			return { does: t("key_chat_actions"), where: t("key_chat_actions_where") };
		case "newChat":
			return { does: t("frame_new_chat") };
		case "version":
			return { does: t("key_version"), where: t("key_version_where") };
		case "help":
			return { does: t("key_help"), where: t("key_help_where") };
	}
}

/** The keys of a shortcut, with this reader's settings. */
function pressOf(name: string, press: readonly string[]): readonly string[] {
	if (!sendsWithMod()) return press;
	return name === "send" ? ["Mod", "Enter"] : name === "newLine" ? ["Enter"] : press;
}
