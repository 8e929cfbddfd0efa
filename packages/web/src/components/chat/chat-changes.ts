import type { ChatMarks, ChatSummary } from "../../view/chat.ts";
import type { Shell } from "../../view/shell.ts";

export type ChatChange = ChatMarks & { title?: string };

/** The page frame's data, and when this page requested them, in epoch milliseconds. */
export interface LoadedShell extends Shell {
	askedAtMs: number;
}

/** The viewer's change to one chat, kept while loaded data may not reflect it. */
interface Entry {
	change: ChatChange;
	/** The chat as it began on this page. */
	begun?: ChatSummary;
	/** The data that the change was applied to. */
	over: LoadedShell;
	/** How many changes the server has not answered yet. */
	underWay: number;
	/** When the last one was answered, in epoch milliseconds. */
	answeredAtMs: number;
}

/**
 * The viewer's changes by chat, the newest last. They override loaded data until data arrive that were requested after the server's answer: those are
 * current, whoever changed the chat since.
 */
export type ChatChanges = ReadonlyMap<string, Entry>;

export const NO_CHANGES: ChatChanges = new Map();

/** Lists a chat begun on this page. It stays until loaded data contain it, because the server may list it later. */
export function begun(changes: ChatChanges, over: LoadedShell, chat: ChatSummary): ChatChanges {
	return set(changes, chat.id, { change: {}, begun: chat, over, underWay: 0, answeredAtMs: 0 });
}

/** Records a change that is being sent to the server. */
export function changing(changes: ChatChanges, over: LoadedShell, chatId: string, change: ChatChange): ChatChanges {
	const before = entryOf(changes, over, chatId);
	const entry = { ...before, change: { ...before?.change, ...change }, over, underWay: (before?.underWay ?? 0) + 1, answeredAtMs: 0 };
	return set(changes, chatId, entry);
}

/** Records the server's answer to a change. `back`: the values to restore if it was refused. */
export function answered(changes: ChatChanges, chatId: string, nowMs: number, back?: ChatChange): ChatChanges {
	const entry = changes.get(chatId);
	if (!entry) return changes;
	return set(changes, chatId, { ...entry, change: back ?? entry.change, underWay: entry.underWay - 1, answeredAtMs: nowMs });
}

/** The part of a chat's changes that the loaded data do not reflect yet. */
export function changeOf(changes: ChatChanges, over: LoadedShell, chatId: string): ChatChange {
	return entryOf(changes, over, chatId)?.change ?? {};
}

/** The chats to list: those begun on this page, then the loaded ones. `older`: the pages loaded after `shell`. */
export function listed(changes: ChatChanges, shell: LoadedShell, older: readonly ChatSummary[]): ChatSummary[] {
	const seen = new Set<string>();
	// A chat that moved to the top between two reads may be on both pages.
	const isNew = ({ id }: ChatSummary) => !seen.has(id) && seen.add(id);
	const begunHere = [...changes.keys()].reverse().flatMap((id) => entryOf(changes, shell, id)?.begun ?? []);
	return [...begunHere, ...shell.chats, ...older].filter(isNew).flatMap((chat) => changed(chat, changeOf(changes, shell, chat.id)));
}

/** A chat's entry, unless the data are newer. */
function entryOf(changes: ChatChanges, shell: LoadedShell, chatId: string): Entry | undefined {
	const entry = changes.get(chatId);
	if (!entry || entry.over === shell || entry.underWay > 0) return entry;
	const isUntouched = Object.keys(entry.change).length === 0;
	const isKnown = isUntouched ? shell.chats.some(({ id }) => id === chatId) : shell.askedAtMs >= entry.answeredAtMs;
	return isKnown ? undefined : entry;
}

function changed(chat: ChatSummary, change: ChatChange): ChatSummary[] {
	// A pinned chat stays in the pinned list, also in a folder.
	if (change.deleted || change.archived || (change.folder && !chat.pinned)) return [];
	const { pinned, ...rest } = chat;
	return [{ ...rest, ...((change.pinned ?? pinned) && { pinned: true }), ...(change.title && { title: change.title }) }];
}

const set = (changes: ChatChanges, id: string, entry: Entry): ChatChanges => new Map(changes).set(id, entry);
