import type { FileUIPart } from "ai";
import { t } from "../../text/text.ts";
import type { ModelOption, Price } from "../../view/chat.ts";
import { CloseIcon, EditIcon } from "../frame/icons.tsx";
import { inRequests } from "../frame/local-time.tsx";
import { EditForm } from "./edit-form.tsx";
import type { EditTerms } from "./message-events.ts";
import { effortName } from "./price.ts";
import type { Ended, QueuedMessage } from "./queue.ts";

export interface QueueListProps {
	messages: readonly QueuedMessage[];
	/** The id of the message in flight. */
	sending: string | undefined;
	/** Why the queue waits. Undefined while an answer is running. */
	waiting: Ended | undefined;
	models: readonly ModelOption[];
	/** Whether sending is blocked by something that the viewer cannot change here. */
	blocked: boolean;
	editing: string | undefined;
	/** The terms of the message being edited. */
	terms: EditTerms;
	onEditing: (messageId: string | undefined) => void;
	onChange: (messageId: string, text: string, price: Price, files: FileUIPart[]) => void;
	onRemove: (messageId: string) => void;
	onResume: () => void;
}

/** The queued messages above the composer, and why they wait if they do. */
export function QueueList({ messages, sending, waiting, blocked, onResume, ...props }: QueueListProps) {
	const [first] = messages;
	return (
		<section aria-label={t("queue_title")} className="border-line border-t pt-2 pb-2">
			<div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
				<p role="status" className={`py-1 text-small ${waiting ? "" : "text-soft"}`}>
					{waiting ? whyItWaits(waiting) : t("queue_rule")}
				</p>
				{waiting && !blocked && first && (
					<button type="button" className="button-plain min-h-9 py-1 text-small" onClick={onResume}>
						{t("queue_send_next")} · {inRequests(first.price.units)}
					</button>
				)}
			</div>
			<ol className="-mx-1 max-h-[30dvh] overflow-y-auto px-1">
				{messages.map((message, at) => (
					<li key={message.messageId} className={at > 0 ? "border-line border-t" : ""}>
						<Row {...props} message={message} place={at + 1} isSending={message.messageId === sending} />
					</li>
				))}
			</ol>
		</section>
	);
}

interface RowProps extends Pick<QueueListProps, "models" | "editing" | "terms" | "onEditing" | "onChange" | "onRemove"> {
	message: QueuedMessage;
	place: number;
	/** Whether it is in flight. */
	isSending: boolean;
}

function Row({ message, place, isSending, models, editing, terms, onEditing, onChange, onRemove }: RowProps) {
	const { messageId, text, files = [] } = message;
	if (editing === messageId) {
		return (
			<div className="py-2">
				<EditForm
					label={t("queue_edit_label")}
					text={text}
					files={files}
					terms={terms}
					action={t("frame_save")}
					note={t("queue_waits_until_saved")}
					onSave={(changed, newPrice, left) => onChange(messageId, changed, newPrice, left)}
					onCancel={() => onEditing(undefined)}
				/>
			</div>
		);
	}
	return (
		<div className="flex items-center gap-1 py-1">
			<div className="min-w-0 grow">
				<p dir="auto" className="truncate">
					{text || files.map(({ filename }) => filename).join(", ")}
				</p>
				<p className="truncate text-small text-soft">{isSending ? t("queue_sending") : aboutOf(message, models)}</p>
			</div>
			{!isSending && (
				<>
					<button
						type="button"
						aria-label={t("queue_edit_of", { place: String(place) })}
						title={t("chat_edit")}
						className="button-bare min-w-9 shrink-0"
						onClick={() => onEditing(messageId)}
					>
						<EditIcon />
					</button>
					<button
						type="button"
						aria-label={t("queue_remove_of", { place: String(place) })}
						title={t("chat_remove")}
						className="button-bare min-w-9 shrink-0"
						onClick={() => onRemove(messageId)}
					>
						<CloseIcon />
					</button>
				</>
			)}
		</div>
	);
}

/** "Sandbox · high effort · 2 requests · 1 file" */
function aboutOf({ files = [], price }: QueuedMessage, models: readonly ModelOption[]): string {
	const model = models.length > 1 && models.find(({ id }) => id === price.model)?.label;
	const count = files.length > 0 && t("chat_files_count", { count: files.length });
	return [model, price.effort && t("chat_effort", { effort: effortName(price.effort) }), inRequests(price.units), count]
		.filter(Boolean)
		.join(" · ");
}

/** Why the queue waits, so that it never looks stuck. */
function whyItWaits({ end, messageId }: Ended): string {
	if (messageId !== undefined) return t("queue_why_not_sent");
	switch (end) {
		case "stopped":
			return t("queue_why_stopped");
		case "length":
		case "filtered":
			return t("queue_why_incomplete");
		case "limit":
		case "spent":
			return t("queue_why_limit");
		case "refused":
		case "unreached":
			return t("queue_why_last_not_sent");
		case "none":
			return t("queue_why_no_answer");
		default:
			return t("queue_why_failed");
	}
}
