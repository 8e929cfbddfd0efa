import type { Price } from "../../view/chat.ts";

/**
 * A message that was sent and is not accepted yet. Kept in the tab's session storage with the draft, so that a reload or a sign-up loses
 * neither.
 */
export interface PendingSend {
	key: string;
	messageId: string;
	/** A retry after a reload must name the same chat, and a new chat gets its id with the first send. */
	chatId: string;
	text: string;
	price?: Price | undefined;
	/** When a limit that a purchase lifts refused it, in epoch milliseconds. It is sent automatically after the purchase. */
	refusedAtMs?: number | undefined;
}

const draftItem = (draftKey: string) => `parley:draft:${draftKey}`;
const pendingItem = (draftKey: string) => `parley:pending:${draftKey}`;

/** Storage may be disabled or full. A draft then lasts as long as the page. */
function attempt<T>(use: (storage: Storage) => T): T | undefined {
	try {
		return use(sessionStorage);
	} catch {
		return;
	}
}

const write = (item: string, value: string | undefined) =>
	attempt((storage) => (value ? storage.setItem(item, value) : storage.removeItem(item)));

/** The unsent text kept under `draftKey` ("new" or a chat id), or "". */
export const readDraft = (draftKey: string): string => attempt((storage) => storage.getItem(draftItem(draftKey))) ?? "";

/** Keeps unsent text under `draftKey`. An empty text removes it. */
export const keepDraft = (draftKey: string, text: string): void => {
	write(draftItem(draftKey), text);
};

/** The send kept under `draftKey`, or undefined when there is none or it is not readable. */
export function readPending(draftKey: string): PendingSend | undefined {
	const pending: unknown = attempt((storage) => JSON.parse(storage.getItem(pendingItem(draftKey)) ?? "null"));
	return isPending(pending) ? pending : undefined;
}

/** Keeps a send under `draftKey`. `undefined` removes it. */
export const keepPending = (draftKey: string, pending: PendingSend | undefined): void => {
	write(pendingItem(draftKey), pending && JSON.stringify(pending));
};

function isPending(value: unknown): value is PendingSend {
	return (
		typeof value === "object" &&
		value !== null &&
		["key", "messageId", "chatId", "text"].every((name) => typeof (value as Record<string, unknown>)[name] === "string")
	);
}

/**
 * The send to make for a message. Sending the same text to the same chat, model and effort again reuses the ids of the kept send, so that the
 * server recognizes a retry and counts it once.
 */
export function sendFor(
	kept: PendingSend | undefined,
	wanted: Pick<PendingSend, "chatId" | "text" | "price" | "refusedAtMs">,
	newId: () => string,
): PendingSend {
	const isRetry = kept?.chatId === wanted.chatId && kept.text === wanted.text && isSameRequest(kept.price, wanted.price);
	const { key, messageId } = isRetry ? kept : { key: newId(), messageId: newId() };
	return { ...wanted, key, messageId };
}

/** Whether two prices are of the same request. The server tells requests apart by everything but the units. */
const isSameRequest = (one: Price | undefined, other: Price | undefined): boolean =>
	one?.model === other?.model && one?.effort === other?.effort && one?.whole === other?.whole;
