import type { FileUIPart } from "ai";
import {
	type KeyboardEvent,
	type ReactNode,
	type Ref,
	type RefObject,
	useEffect,
	useEffectEvent,
	useImperativeHandle,
	useRef,
	useState,
} from "react";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import { t } from "../../text/text.ts";
import type { FileLimit, ModelOption, Price } from "../../view/chat.ts";
import { QueueIcon, SendIcon, StopIcon } from "../frame/icons.tsx";
import { isKey, KEYS, keyName } from "../frame/keys.ts";
import { inRequests, useHydrated } from "../frame/local-time.tsx";
import { AttachButton, AttachmentList, pastedFiles, useDroppedFiles } from "./attachments.tsx";
import { draftSaver, isSameMessage, keepDraft, type PendingSend, readDraft } from "./draft.ts";
import { tokensOfFiles } from "./message-text.ts";
import { unreadableBy } from "./readable.ts";
import { isSendKey, isTouch } from "./send-key.ts";
import { useAttachments } from "./use-attachments.ts";

export interface ComposerHandle {
	/** Inserts text and uploaded files before the existing content. */
	insert: (text: string, files?: readonly FileUIPart[]) => void;
	/** Focuses the field, except on a touch screen, where that would open the keyboard. */
	focus: () => void;
	/** Submits the content. `send` replaces the normal send once the viewer has agreed to another price or settings, and ignores a limit. */
	submit: (send?: (text: string, files: FileUIPart[]) => void) => void;
}

interface ComposerProps {
	ref: Ref<ComposerHandle>;
	/** The key of the draft in the tab's storage: "new" or the chat's id. */
	draftKey: string;
	/** Whether the chat has no messages. */
	isNew: boolean;
	answering: boolean;
	/** Whether a message is queued until the answers before it have ended, instead of being sent now. */
	queues: boolean;
	/** The price of a text with files of `ofFiles` tokens. */
	priceFor: (text: string, ofFiles: number) => Price;
	/** The chat that files are uploaded to, and the limits on a message's files. */
	chatId: string;
	fileLimit: FileLimit;
	/** The chosen model. */
	model: Pick<ModelOption, "label" | "accepts">;
	/** The controls for the next request, below the text. */
	tools?: ReactNode;
	/** No requests are left: the text stays, and the notice above the composer gives the next step. */
	atLimit: boolean;
	/** A message blocked by a limit that may be sent now. It is sent only if the composer still holds it unchanged. */
	due: Pick<PendingSend, "text" | "files"> | undefined;
	/** The viewer pressed send at the limit. */
	onBlocked: (text: string, files: FileUIPart[]) => void;
	/** `price`: the price displayed on the button. */
	onSend: (text: string, price: Price, files: FileUIPart[]) => void;
	onQueue: (text: string, price: Price, files: FileUIPart[]) => void;
	/** The viewer wants to edit their last message. */
	onEditLast: () => void;
	onStop: () => void;
	onFocus: () => void;
}

/** The message field with its send and stop buttons. */
export function Composer(props: ComposerProps) {
	const { ref, draftKey, isNew, answering, queues, priceFor, tools, atLimit, due, model } = props;
	const { onSend, onQueue, onBlocked, onStop, onFocus } = props;
	const area = useRef<HTMLTextAreaElement>(null);
	const [text, change, saveNow] = useDraft(draftKey, area);
	const attachments = useAttachments(draftKey, props.chatId, props.fileLimit);
	const { files } = attachments;
	const isDropping = useDroppedFiles(attachments.add);
	useFocusOnOpen(area, isNew, onFocus);
	useEffect(() => growWithText(area.current, text), [text]);

	const charsOver = text.trim().length - MESSAGE_CHARS_MAX;
	const unreadable = unreadableBy(model, files);
	const isEmpty = text === "" && files.length === 0;
	const complete = (text.trim() !== "" || files.length > 0) && charsOver <= 0 && attachments.ready && !unreadable;
	const sendable = complete && (queues || !atLimit);
	const price = priceFor(text.trim(), tokensOfFiles(files));

	function submit(send?: (text: string, files: FileUIPart[]) => void) {
		if (complete && !sendable && !send) onBlocked(text.trim(), files);
		if (!complete || !(sendable || send)) return;
		if (send) send(text.trim(), files);
		else if (queues) onQueue(text.trim(), price, files);
		else onSend(text.trim(), price, files);
		change("");
		saveNow();
		attachments.clear();
		area.current?.focus();
	}

	const isDue = sendable && !queues && due !== undefined && isSameMessage({ text: text.trim(), files }, due);
	const sendDue = useEffectEvent(submit);
	useEffect(() => {
		if (isDue) sendDue();
	}, [isDue]);

	useImperativeHandle(ref, () => ({
		insert: (added, returned = []) => {
			attachments.restore(returned);
			if (added) change(text.trim() && text.trim() !== added.trim() ? `${added}\n\n${text}` : added);
			area.current?.focus();
		},
		focus: () => focusUnlessTouch(area.current),
		submit,
	}));

	const attach = props.fileLimit.count > 0 && <AttachButton onFiles={attachments.add} />;
	return (
		<>
			{charsOver > 0 && <TooLong charsOver={charsOver} />}
			<form
				className={`composer relative flex flex-wrap items-end rounded-large bg-raised transition-shadow duration-quick ${isDropping ? "shadow-[0_0_0_2px_var(--color-ink)]" : "shadow-[0_0_0_1px_var(--color-edge)] focus-within:shadow-[0_0_0_2px_var(--color-soft)]"}`}
				onSubmit={(event) => {
					event.preventDefault();
					submit();
				}}
			>
				<AttachmentList {...attachments} unreadable={unreadable} />
				{!tools && <div className="p-1.5 pr-0">{attach}</div>}
				<textarea
					{...areaProps()}
					ref={area}
					dir="auto"
					value={text}
					onChange={(event) => change(event.target.value)}
					onKeyDown={(event) => actOnKey(event, submit, isEmpty ? props.onEditLast : undefined)}
					onPaste={(event) => {
						const pasted = pastedFiles(event);
						if (pasted && attachments.add(pasted)) event.preventDefault();
					}}
					onFocus={onFocus}
					// Saved on blur, so that signing out, here or in another window, has nothing left to save.
					onBlur={saveNow}
				/>
				{isDropping && <DropHere />}
				{/* Beside the text if there is nothing to choose. */}
				<div className={`composer-tools flex items-end p-1.5 ${tools ? "w-full justify-between gap-2 pl-2" : "shrink-0"}`}>
					{tools && (
						<div className="flex min-w-0 items-end">
							{attach}
							{tools}
						</div>
					)}
					<Buttons sendable={sendable} queues={queues} units={price.units} onStop={answering ? onStop : undefined} />
				</div>
			</form>
		</>
	);
}

/** Sends, or edits the last message, depending on the key. */
function actOnKey(event: KeyboardEvent, send: () => void, editLast: (() => void) | undefined): void {
	const act = isSendKey(event.nativeEvent) ? send : isKey(event.nativeEvent, "editLast") ? editLast : undefined;
	if (!act) return;
	event.preventDefault();
	act();
}

function DropHere() {
	return (
		<p className="pointer-events-none absolute inset-0 flex items-center justify-center rounded-large bg-raised font-medium">
			{t("chat_drop")}
		</p>
	);
}

const areaProps = () => ({
	rows: 1,
	"aria-label": t("chat_message"),
	placeholder: t("chat_ask_anything"),
	className:
		"field-sizing-content block max-h-[40dvh] min-h-14 w-0 min-w-0 grow resize-none bg-transparent py-3.5 pl-4 text-body outline-none",
});

/** The composer's text, kept under `draftKey` in session storage. The last function saves it at once. */
function useDraft(draftKey: string, area: RefObject<HTMLTextAreaElement | null>): [string, (text: string) => void, () => void] {
	const [text, setText] = useState("");
	const [{ save, flush }] = useState(draftSaver);
	const keyBefore = useRef(draftKey);
	useEffect(() => {
		flush();
		// Text typed before hydration, or before a new chat got its id, takes precedence over the kept draft.
		const typed = area.current?.value;
		if (typed && keyBefore.current !== draftKey) keepDraft(keyBefore.current, "");
		if (typed) keepDraft(draftKey, typed);
		keyBefore.current = draftKey;
		setText(typed || readDraft(draftKey));
	}, [draftKey, area, flush]);

	useEffect(() => {
		addEventListener("pagehide", flush);
		document.addEventListener("visibilitychange", flush);
		return () => {
			removeEventListener("pagehide", flush);
			document.removeEventListener("visibilitychange", flush);
			flush();
		};
	}, [flush]);

	function change(next: string) {
		setText(next);
		save(draftKey, next);
	}
	return [text, change, flush];
}

/** Focuses the composer of a new chat that was opened within the page, and reports a focus that came before hydration. */
function useFocusOnOpen(area: RefObject<HTMLTextAreaElement | null>, isNew: boolean, onFocus: () => void): void {
	const focused = useEffectEvent(onFocus);
	const openedInPage = useRef(useHydrated());
	useEffect(() => {
		if (openedInPage.current && isNew) focusUnlessTouch(area.current);
		if (document.activeElement === area.current) focused();
	}, [isNew, area]);
}

function TooLong({ charsOver }: { charsOver: number }) {
	return (
		<p role="status" className="border-line border-t py-3">
			{t("chat_too_long", { count: charsOver })}
		</p>
	);
}

interface MainButtonProps {
	sendable: boolean;
	/** Whether sending adds to the queue. */
	queues: boolean;
	/** What sending costs. */
	units: number;
	onStop: (() => void) | undefined;
}

/** The main button and, beside Stop, the queue button. */
function Buttons(props: MainButtonProps) {
	return (
		<div className="flex shrink-0 items-end gap-1.5">
			{props.onStop && props.sendable && <QueueButton units={props.units} />}
			<MainButton {...props} />
		</div>
	);
}

/** Sends, showing a price above one request, or stops the running answer. One element for both, so that it keeps focus. */
function MainButton({ sendable, queues, units, onStop }: MainButtonProps) {
	// Before hydration a submit button would reload the page.
	const type = useHydrated() && !onStop ? "submit" : "button";
	const priced = !onStop && units > 1;
	return (
		<button
			type={type}
			aria-label={onStop ? t("chat_stop") : withPrice(queues ? t("queue_add") : t("chat_send"), units)}
			title={onStop && t("chat_stop_key", { key: keyName(KEYS.stop.press[0]) })}
			aria-disabled={!onStop && !sendable}
			className={`${onStop ? "button-plain" : "button-next"} h-11 min-w-11 shrink-0 gap-1 ${priced ? "px-3" : "p-0"}`}
			onClick={onStop}
		>
			{onStop ? <StopIcon /> : queues ? <QueueIcon /> : <SendIcon />}
			{priced && units}
		</button>
	);
}

/** Queues the message until the running answer has ended. */
function QueueButton({ units }: { units: number }) {
	return (
		<button
			type="submit"
			aria-label={withPrice(t("queue_add"), units)}
			title={t("queue_add")}
			className={`button-next h-11 min-w-11 shrink-0 gap-1 ${units > 1 ? "px-3" : "p-0"}`}
		>
			<QueueIcon />
			{units > 1 && units}
		</button>
	);
}

const withPrice = (action: string, units: number) => (units > 1 ? `${action} · ${inRequests(units)}` : action);

function focusUnlessTouch(area: HTMLTextAreaElement | null): void {
	if (!isTouch()) area?.focus();
}

/** For browsers without CSS `field-sizing`. */
function growWithText(area: HTMLTextAreaElement | null, text: string): void {
	if (!area || CSS.supports("field-sizing", "content")) return;
	area.style.height = "auto";
	if (text) area.style.height = `${area.scrollHeight}px`;
}
