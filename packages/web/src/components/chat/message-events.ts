import type { FileUIPart } from "ai";
import type { Price } from "../../view/chat.ts";

/** What can be done with a message. */
export interface MessageEvents {
	/** Opens the edit form of one of the viewer's messages. Undefined closes it. */
	onEditing: (messageId: string | undefined) => void;
	/** `files`: the message's remaining files. */
	onEdit: (messageId: string, text: string, price: Price, files: FileUIPart[]) => void;
	/** Shows another version: `turn` is one of the message's `versions`. */
	onVersion: (turn: number, of: "question" | "answer") => void;
	/** Copies the chat up to the message into a new one. Undefined in a temporary chat. */
	onBranch: ((messageId: string) => void) | undefined;
}

/**
 * The price of a message while it is edited, and whether the chosen model can read it. Passed to the open form as a prop, not in a context: a context
 * that changes during hydration makes React render every answer again, first as plain text.
 */
export interface EditTerms {
	priceFor: (text: string, files: readonly FileUIPart[]) => Price;
	/** Why the model cannot read a message's files. Empty if it can. */
	unreadable: (files: readonly FileUIPart[]) => string;
}
