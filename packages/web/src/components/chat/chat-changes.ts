import type { ChatMarks, ChatSummary } from "../../view/chat.ts";
import type { Shell } from "../../view/shell.ts";

export type ChatChange = ChatMarks & { title?: string };

/** The data of the page frame, and when this page asked for them, in epoch milliseconds. */
export interface LoadedShell extends Shell {
	askedAtMs: number;
}

/** What the viewer did to one chat on this page, while loaded data may not show it. */
interface Entry {
	change: ChatChange;
	/** The chat as it began on this page. */
	begun?: ChatSummary;
	/** The data over which it was done. */
	over: LoadedShell;
	/** How many changes the server has not answered yet. */
	underWay: number;
	/** When the last one was answered, in epoch milliseconds. */
	answeredAtMs: number;
}

/**
 * What the viewer did to chats on this page, by chat, the newest last. It is shown over the loaded data until data are loaded that were asked for after the
 * server had answered: those show what is true, whoever changed it since.
 */
export type ChatChanges = ReadonlyMap<string, Entry>;

export const NO_CHANGES: ChatChanges = new Map();

/** A chat begins on this page. It stays until loaded data list it: the server may list it later. */
export function begun(changes: ChatChanges, over: LoadedShell, chat: ChatSummary): ChatChanges {
	return set(changes, chat.id, { change: {}, begun: chat, over, underWay: 0, answeredAtMs: 0 });
}

/** A change is asked of the server. */
export function changing(changes: ChatChanges, over: LoadedShell, chatId: string, change: ChatChange): ChatChanges {
	const before = entryOf(changes, over, chatId);
	const entry = { ...before, change: { ...before?.change, ...change }, over, underWay: (before?.underWay ?? 0) + 1, answeredAtMs: 0 };
	return set(changes, chatId, entry);
}

/** The server has answered a change. `back`: what is shown again where it was refused. */
export function answered(changes: ChatChanges, chatId: string, nowMs: number, back?: ChatChange): ChatChanges {
	const entry = changes.get(chatId);
	if (!entry) return changes;
	return set(changes, chatId, { ...entry, change: back ?? entry.change, underWay: entry.underWay - 1, answeredAtMs: nowMs });
}

/** What was changed about a chat, as far as the data do not show it. */
export function changeOf(changes: ChatChanges, over: LoadedShell, chatId: string): ChatChange {
	return entryOf(changes, over, chatId)?.change ?? {};
}

/** The chats of the list: those that began on this page, then the loaded ones. `older`: loaded after `shell`. */
export function listed(changes: ChatChanges, shell: LoadedShell, older: readonly ChatSummary[]): ChatSummary[] {
	const seen = new Set<string>();
	// A chat that moved to the top meanwhile may be in two pages.
	const isNew = ({ id }: ChatSummary) => !seen.has(id) && seen.add(id);
	const begunHere = [...changes.keys()].reverse().flatMap((id) => entryOf(changes, shell, id)?.begun ?? []);
	return [...begunHere, ...shell.chats, ...older].filter(isNew).flatMap((chat) => changed(chat, changeOf(changes, shell, chat.id)));
}

/** The entry of a chat, unless the data know better. */
function entryOf(changes: ChatChanges, shell: LoadedShell, chatId: string): Entry | undefined {
	const entry = changes.get(chatId);
	if (!entry || entry.over === shell || entry.underWay > 0) return entry;
	const isUntouched = Object.keys(entry.change).length === 0;
	const isKnown = isUntouched ? shell.chats.some(({ id }) => id === chatId) : shell.askedAtMs >= entry.answeredAtMs;
	return isKnown ? undefined : entry;
}

function changed(chat: ChatSummary, change: ChatChange): ChatSummary[] {
	// A pinned chat stays where it is.
	if (change.deleted || change.archived || (change.folder && !chat.pinned)) return [];
	const { pinned, ...rest } = chat;
	return [{ ...rest, ...((change.pinned ?? pinned) && { pinned: true }), ...(change.title && { title: change.title }) }];
}

const set = (changes: ChatChanges, id: string, entry: Entry): ChatChanges => new Map(changes).set(id, entry);
