import type { FileUIPart } from "ai";
import { type ClipboardEvent, useEffect, useEffectEvent, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import { AttachIcon, CloseIcon, FileIcon } from "../frame/icons.tsx";
import { useHydrated } from "../frame/local-time.tsx";
import type { Attachment, Attachments } from "./use-attachments.ts";

/** Pasted text longer than this becomes a file. */
const PASTE_CHARS_MAX = 4_000;

/** Opens the file dialog. */
export function AttachButton({ onFiles }: { onFiles: (files: File[]) => void }) {
	const input = useRef<HTMLInputElement>(null);
	const hydrated = useHydrated();
	return (
		<>
			<button
				type="button"
				aria-label={t("chat_attach")}
				title={t("chat_attach")}
				disabled={!hydrated}
				className="button-bare size-11 shrink-0 p-0"
				onClick={() => input.current?.click()}
			>
				<AttachIcon />
			</button>
			<input
				ref={input}
				type="file"
				multiple
				hidden
				onChange={({ currentTarget }) => {
					onFiles([...(currentTarget.files ?? [])]);
					// Cleared, so that choosing the same file again fires a change event.
					currentTarget.value = "";
				}}
			/>
		</>
	);
}

/** The attachments of the unsent message, each with its state and a remove button. */
export function AttachmentList({ list, refusal, news, unreadable, remove, retry }: Attachments & { unreadable: string }) {
	return (
		<>
			{list.length > 0 && (
				<ul aria-label={t("chat_attachments")} className="flex max-h-60 w-full flex-wrap gap-2 overflow-y-auto px-3 pt-3 pb-1">
					{list.map((one) => (
						<Chip key={one.id} {...one} onRemove={() => remove(one.id)} onRetry={() => retry(one.id)} />
					))}
				</ul>
			)}
			{(refusal || unreadable) && <p className="w-full px-4 pt-3 text-small text-warn">{refusal || unreadable}</p>}
			<p role="status" className="sr-only">
				{news || unreadable}
			</p>
		</>
	);
}

function Chip({ name, state, thumb, why, file, onRemove, onRetry }: Attachment & { onRemove: () => void; onRetry: () => void }) {
	const failed = state === "failed";
	return (
		<li
			aria-busy={state === "reading" || state === "uploading"}
			className={`flex min-w-0 items-center gap-2 rounded-small bg-said pl-2 shadow-flat ${failed ? "max-w-full" : "max-w-[calc(50%-0.25rem)] sm:max-w-64"}`}
		>
			{thumb ? (
				<img src={thumb} alt="" className="my-1.5 size-8 shrink-0 rounded-small object-cover" />
			) : (
				<span className="text-soft">
					<FileIcon />
				</span>
			)}
			<span className="flex min-w-0 flex-col py-1.5 text-small">
				<span className="truncate">{name}</span>
				{state !== "ready" && (
					<span className={failed ? "text-warn" : "text-soft"}>
						{state === "reading" ? t("chat_reading") : state === "uploading" ? t("chat_uploading") : why}
					</span>
				)}
			</span>
			{failed && file && (
				<button type="button" className="button-bare shrink-0 text-small underline" onClick={onRetry}>
					{t("frame_try_again")}
				</button>
			)}
			<button type="button" aria-label={t("chat_remove_of", { name })} className="button-bare size-9 shrink-0 p-0" onClick={onRemove}>
				<CloseIcon />
			</button>
		</li>
	);
}

/** A file of a message that is being edited. */
export function FileChip({ file: { url, mediaType, filename = t("chat_file") }, onRemove }: { file: FileUIPart; onRemove: () => void }) {
	const thumb = mediaType.startsWith("image/") ? url : undefined;
	return <Chip id={url} name={filename} state="ready" thumb={thumb} onRemove={onRemove} onRetry={onRemove} />;
}

/** The files of a paste: those on the clipboard, or a long text as one file. Undefined if it should be pasted as text. */
export function pastedFiles({ clipboardData }: ClipboardEvent): File[] | undefined {
	const text = clipboardData.getData("text/plain");
	// Office programs add a picture of the text to the clipboard, so text takes precedence.
	if (!text) return clipboardData.files.length > 0 ? [...clipboardData.files] : undefined;
	return text.length > PASTE_CHARS_MAX ? [new File([text], t("chat_pasted_name"), { type: "text/plain" })] : undefined;
}

/** Accepts files dropped anywhere on the page. @returns whether files are being dragged over it */
export function useDroppedFiles(onFiles: (files: File[]) => void): boolean {
	const [over, setOver] = useState(false);
	const dropped = useEffectEvent(onFiles);
	useEffect(() => {
		const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
		const onOver = (event: DragEvent) => {
			if (!hasFiles(event)) return;
			event.preventDefault();
			setOver(true);
		};
		const onLeave = (event: DragEvent) => {
			if (event.relatedTarget === null) setOver(false);
		};
		const onDrop = (event: DragEvent) => {
			setOver(false);
			if (!hasFiles(event)) return;
			event.preventDefault();
			dropped([...(event.dataTransfer?.files ?? [])]);
		};
		document.addEventListener("dragover", onOver);
		document.addEventListener("dragleave", onLeave);
		document.addEventListener("drop", onDrop);
		return () => {
			document.removeEventListener("dragover", onOver);
			document.removeEventListener("dragleave", onLeave);
			document.removeEventListener("drop", onDrop);
		};
	}, []);
	return over;
}
