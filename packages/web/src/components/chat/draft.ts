/** What the reader has written and not sent, and the send that is under way: kept in the tab, so that a reload or signing up loses neither. */
export interface PendingSend {
	key: string;
	messageId: string;
	/** A new chat has its id from the first press of send on: a repeat after a reload must name the same chat. */
	chatId: string;
	text: string;
	model?: string | undefined;
	/** When a limit refused it that a purchase lifts: it is sent by itself after one. */
	refusedAtMs?: number | undefined;
}

const draftOf = (place: string) => `parley:draft:${place}`;
const pendingOf = (place: string) => `parley:pending:${place}`;

/** Storage may be switched off or full; then a draft lives as long as the page. */
function attempt<T>(use: (storage: Storage) => T): T | undefined {
	try {
		return use(sessionStorage);
	} catch {
		return;
	}
}

const write = (key: string, value: string | undefined) =>
	attempt((storage) => (value ? storage.setItem(key, value) : storage.removeItem(key)));

export const readDraft = (place: string): string => attempt((storage) => storage.getItem(draftOf(place))) ?? "";

export const keepDraft = (place: string, text: string): void => {
	write(draftOf(place), text);
};

export function readPending(place: string): PendingSend | undefined {
	const pending: unknown = attempt((storage) => JSON.parse(storage.getItem(pendingOf(place)) ?? "null"));
	return isPending(pending) ? pending : undefined;
}

export const keepPending = (place: string, pending: PendingSend | undefined): void => {
	write(pendingOf(place), pending && JSON.stringify(pending));
};

function isPending(value: unknown): value is PendingSend {
	return (
		typeof value === "object" &&
		value !== null &&
		["key", "messageId", "chatId", "text"].every((name) => typeof (value as Record<string, unknown>)[name] === "string")
	);
}
