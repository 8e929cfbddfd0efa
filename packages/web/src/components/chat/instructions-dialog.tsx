import { Link, useLocation } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { instructionFault, instructionTokens, plainInstruction } from "../../instructions.ts";
import { number } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import { MIDDLE, Modal } from "../frame/dialog.tsx";
import { InstructionField } from "../frame/instruction-field.tsx";
import { inRequests } from "../frame/local-time.tsx";

export interface InstructionsDialogProps {
	/** The current text, saved or not. */
	text: string;
	onChange: (text: string) => void;
	/** Estimated tokens of the instructions sent by every chat (the deployer's and the viewer's) and of the chat's folder. */
	sizes: { site: number; own: number; folder: number };
	/** Whether the viewer has instructions for all chats. */
	isUser: boolean;
	/** The price of a short message with chat instructions of `tokens` tokens. */
	unitsWith: (tokens: number) => number;
	/** Resolves to an error message on failure. The dialog then stays open and shows it. */
	onSave: () => Promise<string | undefined>;
	/** `isDropped`: the text was discarded. */
	onClose: (isDropped?: boolean) => void;
}

/** Edits a chat's instructions and shows the size of everything sent before its messages. */
export function InstructionsDialog({ text, onChange, sizes, isUser, unitsWith, onSave, onClose }: InstructionsDialogProps) {
	const path = useLocation({ select: ({ pathname }) => pathname });
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	const plain = plainInstruction(text);
	const isFaulty = instructionFault("chat", plain) !== undefined;
	const tokens = isFaulty ? 0 : instructionTokens("chat", plain);

	async function save(event: FormEvent) {
		event.preventDefault();
		if (busy || isFaulty) return;
		setBusy(true);
		const failure = await onSave();
		setBusy(false);
		setProblem(failure);
		if (!failure) onClose(true);
	}

	return (
		<Modal title={t("chat_instructions")} className={`${MIDDLE} max-w-[min(34rem,calc(100vw-32px))]`} onClose={onClose}>
			<form className="mt-4 flex flex-col gap-4" onSubmit={(event) => void save(event)}>
				<InstructionField
					part="chat"
					label={t("chat_instructions_question")}
					hint={t("chat_instructions_hint")}
					value={text}
					onChange={onChange}
				/>
				<div className="flex flex-col gap-1 text-small text-soft">
					{!isFaulty && <Sum chat={tokens} sizes={sizes} units={unitsWith(tokens)} />}
					<p>
						{rich("chat_for_all_chats", {
							link: isUser ? (
								<Link to="/account/appearance" hash="instructions" className="link">
									{t("chat_own_instructions")}
								</Link>
							) : (
								<Link to="/sign-up" search={{ next: path }} className="link">
									{t("chat_sign_up_for_instructions")}
								</Link>
							),
						})}
					</p>
				</div>
				{problem && (
					<p role="alert" className="text-warn">
						{problem}
					</p>
				)}
				<div className="flex flex-wrap justify-end gap-2">
					<button type="button" className="button-bare" onClick={() => onClose(true)}>
						{t("frame_cancel")}
					</button>
					<button type="submit" className="button-plain" disabled={busy || isFaulty}>
						{t("frame_save")}
					</button>
				</div>
			</form>
		</Modal>
	);
}

interface SumProps {
	chat: number;
	sizes: InstructionsDialogProps["sizes"];
	units: number;
}

/** The tokens that every message sends before its own text, and the price of a short message with them. */
function Sum({ chat, sizes: { site, own, folder }, units }: SumProps) {
	const parts = [
		site > 0 && t("chat_sum_site", { tokens: number(site) }),
		own > 0 && t("chat_sum_own", { tokens: number(own) }),
		folder > 0 && t("chat_sum_folder", { tokens: number(folder) }),
		chat > 0 && t("chat_sum_chat", { tokens: number(chat) }),
	].filter((part) => part !== false);
	const sum = site + own + folder + chat;
	const all = { tokens: number(sum), price: inRequests(units) };
	if (sum === 0) return <p>{t("chat_sum_none")}</p>;
	return (
		<p>{parts.length > 1 ? t("chat_sum_parts", { tokens: all.tokens, price: all.price, parts: parts.join(", ") }) : t("chat_sum", all)}</p>
	);
}
