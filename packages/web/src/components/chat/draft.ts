import type { FileUIPart } from "ai";
import type { Price } from "../../view/chat.ts";

/** A message that was sent and is not accepted yet. Kept in session storage with the draft, so that both survive a reload or a sign-up. */
export interface PendingSend {
	key: string;
	messageId: string;
	/** A retry after a reload must name the same chat. A new chat gets its id with the first send. */
	chatId: string;
	text: string;
	files?: FileUIPart[] | undefined;
	price?: Price | undefined;
	/** When a limit that a purchase lifts refused it, in epoch milliseconds. It is sent automatically after the purchase. */
	refusedAtMs?: number | undefined;
}

/** Files uploaded to a chat that are not sent yet. */
export interface KeptFiles {
	chatId: string;
	files: FileUIPart[];
}

/** The storage key of a new chat's instructions, which wait for its first message like a draft. */
export const NEW_INSTRUCTIONS = "new:instructions";

/** Marks that the tab's temporary chat has messages. After a reload only this mark is left. */
export const keepTemporary = (hasMessages: boolean): void => writeItem(TEMPORARY, hasMessages ? "true" : undefined);

/** Whether the last page load lost a temporary chat. Returns true only once. */
export function takeLostTemporary(): boolean {
	const isLost = readJson(TEMPORARY) === true;
	writeItem(TEMPORARY, undefined);
	return isLost;
}

const TEMPORARY = "parley:temporary";

const draftItem = (draftKey: string) => `parley:draft:${draftKey}`;
const filesItem = (draftKey: string) => `parley:files:${draftKey}`;
const pendingItem = (draftKey: string) => `parley:pending:${draftKey}`;

/** Storage may be disabled or full. A draft then lasts until the page is left. */
function attempt<T>(use: (storage: Storage) => T): T | undefined {
	try {
		return use(sessionStorage);
	} catch {
		return;
	}
}

/** Writes a value to session storage. `undefined` and "" remove it. */
export const writeItem = (item: string, value: string | undefined): void =>
	attempt((storage) => (value ? storage.setItem(item, value) : storage.removeItem(item)));

/** A value stored as JSON. Null if it is missing or damaged. */
export const readJson = (item: string): unknown => attempt((storage) => JSON.parse(storage.getItem(item) ?? "null")) ?? null;

/** The unsent text kept under `draftKey` ("new" or a chat id), or "". */
export const readDraft = (draftKey: string): string => attempt((storage) => storage.getItem(draftItem(draftKey))) ?? "";

/** Keeps unsent text under `draftKey`. An empty text removes it. */
export const keepDraft = (draftKey: string, text: string): void => {
	writeItem(draftItem(draftKey), text);
};

/** The shortest interval between two saves while typing. */
const SAVE_EVERY_MS = 500;

export interface DraftSaver {
	/** Saves a draft now, or within half a second. */
	save: (draftKey: string, text: string) => void;
	/** Saves a waiting draft now: before the page is left, and before another draft. */
	flush: () => void;
}

/** Saves drafts at most twice a second. */
export function draftSaver(): DraftSaver {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let waiting: [draftKey: string, text: string] | undefined;
	function flush() {
		if (waiting) keepDraft(...waiting);
		waiting = undefined;
	}
	function save(draftKey: string, text: string) {
		if (waiting?.[0] !== draftKey) flush();
		waiting = [draftKey, text];
		if (timer !== undefined) return;
		flush();
		timer = setTimeout(() => {
			timer = undefined;
			if (waiting) save(...waiting);
		}, SAVE_EVERY_MS);
	}
	return { save, flush };
}

/** The uploaded files kept under `draftKey`. Undefined if there are none or they are damaged. */
export function readFiles(draftKey: string): KeptFiles | undefined {
	const kept = readJson(filesItem(draftKey));
	if (typeof kept !== "object" || kept === null || !("chatId" in kept) || !("files" in kept)) return;
	const { chatId, files } = kept;
	return typeof chatId === "string" && Array.isArray(files) && files.length > 0 && files.every(isFile) ? { chatId, files } : undefined;
}

const isFile = (value: unknown): value is FileUIPart =>
	typeof value === "object" && value !== null && "url" in value && typeof value.url === "string" && "mediaType" in value;

/** Keeps uploaded files under `draftKey`. An empty list removes them. */
export const keepFiles = (draftKey: string, { chatId, files }: KeptFiles): void => {
	writeItem(filesItem(draftKey), files.length > 0 ? JSON.stringify({ chatId, files }) : undefined);
};

/** The send kept under `draftKey`. Undefined if there is none or it is damaged. */
export function readPending(draftKey: string): PendingSend | undefined {
	const pending = readJson(pendingItem(draftKey));
	return isPending(pending) ? pending : undefined;
}

/** Keeps a send under `draftKey`. `undefined` removes it. */
export const keepPending = (draftKey: string, pending: PendingSend | undefined): void => {
	writeItem(pendingItem(draftKey), pending && JSON.stringify(pending));
};

/** Whether a stored value is a send. */
export function isPending(value: unknown): value is PendingSend {
	return (
		typeof value === "object" &&
		value !== null &&
		["key", "messageId", "chatId", "text"].every((name) => typeof (value as Record<string, unknown>)[name] === "string")
	);
}

/**
 * The send for a message. The same text and files to the same chat, model and effort reuse the kept send's ids, so that the server recognizes a retry
 * and counts it once.
 */
export function sendFor(
	kept: PendingSend | undefined,
	wanted: Pick<PendingSend, "chatId" | "text" | "files" | "price" | "refusedAtMs">,
	newId: () => string,
): PendingSend {
	const isRetry = kept?.chatId === wanted.chatId && isSameMessage(kept, wanted) && isSameRequest(kept.price, wanted.price);
	const { key, messageId } = isRetry ? kept : { key: newId(), messageId: newId() };
	return { ...wanted, key, messageId };
}

/** Whether two messages have the same text and files. */
export const isSameMessage = (one: Pick<PendingSend, "text" | "files">, other: Pick<PendingSend, "text" | "files">): boolean =>
	one.text === other.text && urlsOf(one.files) === urlsOf(other.files);

const urlsOf = (files: FileUIPart[] = []) => JSON.stringify(files.map(({ url }) => url));

/** Whether two prices are for the same request. The server distinguishes requests by every field except the units. */
const isSameRequest = (one: Price | undefined, other: Price | undefined): boolean =>
	one?.model === other?.model && one?.effort === other?.effort && one?.whole === other?.whole && one?.search === other?.search;
