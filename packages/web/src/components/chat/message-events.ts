import { createContext } from "react";
import type { Price } from "../../view/chat.ts";

/** What can be done with a message. */
export interface MessageEvents {
	onEdit: (messageId: string, text: string, price: Price) => void;
	/** Shows another version: `turn` is one of the message's `versions`. */
	onVersion: (turn: number, of: "question" | "answer") => void;
	/** Copies the chat up to the message into a new one. */
	onBranch: (messageId: string) => void;
}

/** What sending a text in place of a message costs. Prices change more often than messages, which do not follow them. */
export const PriceOfText = createContext<(text: string, messageId?: string) => Price>(() => {
	throw new Error("invariant: a message is within a thread");
});
