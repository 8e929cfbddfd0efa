import type { FileUIPart } from "ai";
import { useEffect, useRef, useState } from "react";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import { t } from "../../text/text.ts";
import type { Price } from "../../view/chat.ts";
import { inRequests } from "../frame/local-time.tsx";
import { FileChip } from "./attachments.tsx";
import { isSameMessage } from "./draft.ts";
import type { EditTerms } from "./message-events.ts";
import { isComposing, isSendKey } from "./send-key.ts";

interface EditFormProps {
	/** The name of the field. */
	label: string;
	text: string;
	files: readonly FileUIPart[];
	terms: EditTerms;
	action: string;
	/** What happens to the original message. */
	note?: string;
	/** Undefined while sending is blocked by a running answer. */
	onSave: ((text: string, price: Price, files: FileUIPart[]) => void) | undefined;
	onCancel: () => void;
}

/** The form that edits a message: its text, and its files, which can be removed. An unchanged message is not saved. */
export function EditForm({ label, text, files, terms, action, note, onSave, onCancel }: EditFormProps) {
	const area = useRef<HTMLTextAreaElement>(null);
	const [changed, change] = useState(text);
	const [left, setLeft] = useState(files);
	const trimmed = changed.trim();
	const price = terms.priceFor(trimmed, left);
	const charsOver = trimmed.length - MESSAGE_CHARS_MAX;
	const isEmpty = trimmed === "" && left.length === 0;
	const unreadable = terms.unreadable(left);
	const wrong = isEmpty
		? t("chat_write_or_keep")
		: charsOver > 0
			? t("chat_characters_over", { count: charsOver })
			: unreadable || undefined;
	useEffect(() => {
		// The viewer opened this form to type.
		area.current?.focus();
		area.current?.setSelectionRange(area.current.value.length, area.current.value.length);
		// The buttons must be visible too.
		area.current?.form?.scrollIntoView({ block: "nearest" });
	}, []);
	return (
		<form
			className="flex flex-col gap-2"
			onSubmit={(event) => {
				event.preventDefault();
				if (isSameMessage({ text: trimmed, files: [...left] }, { text: text.trim(), files: [...files] })) onCancel();
				else if (wrong === undefined) onSave?.(trimmed, price, [...left]);
			}}
			onKeyDown={(event) => {
				if (event.key === "Escape" && !isComposing(event.nativeEvent)) {
					// Escape must not also stop an answer.
					event.preventDefault();
					onCancel();
				}
				if (!(event.target instanceof HTMLTextAreaElement) || !isSendKey(event.nativeEvent)) return;
				event.preventDefault();
				event.currentTarget.requestSubmit();
			}}
		>
			{left.length > 0 && (
				<ul aria-label={t("chat_files_of_message")} className="flex flex-wrap gap-2">
					{left.map((file) => (
						<FileChip key={file.url} file={file} onRemove={() => setLeft(left.filter((one) => one !== file))} />
					))}
				</ul>
			)}
			<textarea
				ref={area}
				aria-label={label}
				dir="auto"
				className="field field-sizing-content max-h-80 text-body"
				value={changed}
				onChange={(event) => change(event.target.value)}
			/>
			<div className="flex flex-wrap items-center justify-end gap-2">
				<p role="status" className={`basis-full text-small sm:mr-auto sm:basis-auto ${wrong ? "text-warn" : "text-soft"}`}>
					{wrong ?? (
						<>
							{t("chat_uses_sentence", { price: inRequests(price.units) })} {onSave ? note : t("chat_send_when_complete")}
						</>
					)}
				</p>
				<button type="button" className="button-plain" onClick={onCancel}>
					{t("frame_cancel")}
				</button>
				<button type="submit" className="button-plain" aria-disabled={wrong !== undefined || !onSave}>
					{action}
					{price.units > 1 && ` · ${inRequests(price.units)}`}
				</button>
			</div>
		</form>
	);
}
