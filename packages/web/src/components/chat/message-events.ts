import type { FileUIPart } from "ai";
import { createContext } from "react";
import type { Price } from "../../view/chat.ts";

/** What can be done with a message. */
export interface MessageEvents {
	/** Opens the form of a message of the viewer; undefined closes it. */
	onEditing: (messageId: string | undefined) => void;
	/** `files`: those of the message that are left. */
	onEdit: (messageId: string, text: string, price: Price, files: FileUIPart[]) => void;
	/** Shows another version: `turn` is one of the message's `versions`. */
	onVersion: (turn: number, of: "question" | "answer") => void;
	/** Copies the chat up to the message into a new one. */
	onBranch: (messageId: string) => void;
}

/** Says that the asked model cannot read files of a message; "" where it can. */
export const UnreadableFiles = createContext<(files: readonly FileUIPart[]) => string>(() => "");

/** What sending a text with files costs, in place of a message where one is named. Prices change more often than messages, which do not follow them. */
export const PriceOfText = createContext<(text: string, messageId: string | undefined, files: readonly FileUIPart[]) => Price>(() => {
	throw new Error("invariant: a form is within a thread or a queue");
});
