import type { FileUIPart } from "ai";
import { useEffect, useReducer, useRef } from "react";
import { t } from "../../text/text.ts";
import type { FileLimit } from "../../view/chat.ts";
import { deleteFile, Refused, randomId, uploadFile } from "../requests.ts";
import { keepFiles, readFiles } from "./draft.ts";

/** A file in the composer. */
export interface Attachment {
	id: string;
	name: string;
	state: "reading" | "uploading" | "ready" | "failed";
	/** A thumbnail. */
	thumb?: string | undefined;
	/** Set once it is uploaded. */
	part?: FileUIPart | undefined;
	/** Why it failed. */
	why?: string | undefined;
	/** The file to retry. Absent if retrying would not help. */
	file?: File | undefined;
}

export interface Attachments {
	list: Attachment[];
	/** The uploaded ones. */
	files: FileUIPart[];
	/** Whether all of them are uploaded. */
	ready: boolean;
	/** Why files were rejected. Empty if they were not. */
	refusal: string;
	/** The latest status, for screen readers. */
	news: string;
	/** Adds files, up to a message's limit. @returns whether all of them fitted */
	add: (files: readonly File[]) => boolean;
	remove: (id: string) => void;
	retry: (id: string) => void;
	/** Removes all files, after they were sent. */
	clear: () => void;
	/** Adds uploaded files back. */
	restore: (files: readonly FileUIPart[]) => void;
}

interface State {
	list: Attachment[];
	refusal: string;
	news: string;
}

type Change = (state: State) => Partial<State>;
const reduce = (state: State, change: Change): State => ({ ...state, ...change(state) });

/** The composer's files, uploaded as soon as they are added, then kept under `draftKey` in session storage. */
export function useAttachments(draftKey: string, chatId: string, limit: FileLimit): Attachments {
	const [state, change] = useReducer(reduce, { list: [], refusal: "", news: "" });
	const { list } = state;
	const files = list.flatMap(({ part }) => part ?? []);
	useKept(draftKey, chatId, files, (kept) => change(({ list }) => ({ list: [...kept.map(attached), ...list] })));

	const update = (id: string, changes: Partial<Attachment>, news?: string) =>
		change(({ list, news: before }) => ({
			list: list.map((one) => (one.id === id ? { ...one, ...changes } : one)),
			news: news ?? before,
		}));

	async function upload(id: string, file: File): Promise<void> {
		const fail = (why: string, again: boolean) =>
			update(id, { state: "failed", why, file: again ? file : undefined }, t("chat_file_not_attached", { name: file.name, why }));
		try {
			const { prepareFile } = await import("./prepare-file.ts");
			const { body, thumb } = await prepareFile(file, limit.bytes);
			if (body.size > limit.bytes) return fail(t("chat_file_too_large", { size: inWords(limit.bytes) }), false);
			update(id, { state: "uploading", thumb });
			const part = await uploadFile(chatId, file.name, body);
			update(id, { state: "ready", part, file: undefined }, t("chat_file_attached", { name: file.name }));
		} catch (error) {
			if (error instanceof Error && error.name === "Unusable") fail(error.message, false);
			else if (error instanceof Refused) fail(error.message, error.problem.status >= 500);
			else fail(t("chat_file_not_uploaded"), true);
		}
	}

	return {
		...state,
		files,
		ready: list.every(({ state }) => state === "ready"),
		add: (added) => {
			const room = Math.max(0, limit.count - list.length);
			const taken = added.slice(0, room).map((file) => ({ id: randomId(), name: file.name, state: "reading" as const, file }));
			const refusal = added.length > room ? (limit.count ? t("chat_files_max", { count: limit.count }) : t("chat_no_files_here")) : "";
			change(({ list }) => ({ list: [...list, ...taken], refusal, news: refusal }));
			for (const { id, file } of taken) void upload(id, file);
			return refusal === "";
		},
		remove: (id) => {
			const removed = list.find((one) => one.id === id);
			change(({ list }) => ({
				list: list.filter((one) => one.id !== id),
				refusal: "",
				news: t("chat_file_removed", { name: removed?.name ?? "" }),
			}));
			// If this fails, the server deletes the unused file after a day.
			if (removed?.part) void deleteFile(removed.part.url).catch(() => undefined);
		},
		retry: (id) => {
			const file = list.find((one) => one.id === id)?.file;
			if (!file) return;
			update(id, { state: "reading", why: undefined });
			void upload(id, file);
		},
		clear: () => change(() => ({ list: [], refusal: "", news: "" })),
		restore: (returned) =>
			change(({ list }) => {
				const known = new Set(list.map(({ part }) => part?.url));
				return { list: [...returned.filter(({ url }) => !known.has(url)).map(attached), ...list] };
			}),
	};
}

const attached = (part: FileUIPart): Attachment => ({
	id: randomId(),
	name: part.filename ?? t("chat_file"),
	state: "ready",
	part,
	thumb: part.mediaType.startsWith("image/") ? part.url : undefined,
});

/** Keeps uploaded files with the draft. They move along when a new chat gets its address. */
function useKept(draftKey: string, chatId: string, files: FileUIPart[], onKept: (files: FileUIPart[]) => void): void {
	const keyRead = useRef<string>(undefined);
	const urls = files.map(({ url }) => url).join(" ");
	// biome-ignore lint/correctness/useExhaustiveDependencies: the addresses show whether the files have changed
	useEffect(() => {
		const before = keyRead.current;
		keyRead.current = draftKey;
		if (before !== draftKey && files.length === 0) {
			const kept = readFiles(draftKey);
			// Files of another chat cannot be sent in this one.
			if (kept?.chatId === chatId) onKept(kept.files);
			return;
		}
		if (before && before !== draftKey) keepFiles(before, { chatId, files: [] });
		keepFiles(draftKey, { chatId, files });
	}, [draftKey, chatId, urls]);
}

const inWords = (bytes: number) => (bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`);
