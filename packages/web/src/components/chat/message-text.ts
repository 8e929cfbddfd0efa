import type { LiveMessage } from "./live-chat.tsx";

const partsOf = (message: LiveMessage, type: "text" | "reasoning"): string =>
	message.parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("\n\n");

/** What a message says, without the model's reasoning. */
export const textOf = (message: LiveMessage): string => partsOf(message, "text");

/** The model's reasoning, or "" when it sent none. */
export const reasoningOf = (message: LiveMessage): string => partsOf(message, "reasoning");
