import type { FileUIPart } from "ai";
import type { Price } from "../../view/chat.ts";

/** What can be done with a message. */
export interface MessageEvents {
	/** Opens the form of a message of the viewer; undefined closes it. */
	onEditing: (messageId: string | undefined) => void;
	/** `files`: those of the message that are left. */
	onEdit: (messageId: string, text: string, price: Price, files: FileUIPart[]) => void;
	/** Shows another version: `turn` is one of the message's `versions`. */
	onVersion: (turn: number, of: "question" | "answer") => void;
	/** Copies the chat up to the message into a new one. Undefined in a temporary chat. */
	onBranch: ((messageId: string) => void) | undefined;
}

/**
 * What a message costs as it is edited, and whether the asked model can read it. Passed to the one form that is open, and not by a context: a context
 * that changes while a page becomes interactive makes React draw every answer again, first as plain text.
 */
export interface EditTerms {
	priceFor: (text: string, files: readonly FileUIPart[]) => Price;
	/** Why the model cannot read files of a message; "" where it can. */
	unreadable: (files: readonly FileUIPart[]) => string;
}
