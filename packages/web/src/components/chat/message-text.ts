import type { FileUIPart, SourceUrlUIPart, UIMessage } from "ai";

type Parts = Pick<UIMessage, "parts">;

const partsOf = (message: Parts, type: "text" | "reasoning"): string =>
	message.parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("\n\n");

/** A message's text, without the model's reasoning. */
export const textOf = (message: Parts): string => partsOf(message, "text");

/** The files of a message. */
export const filesOf = ({ parts }: Parts): FileUIPart[] => parts.filter((part) => part.type === "file");

/** The pages that an answer's searches found. */
export const sourcesOf = ({ parts }: Parts): SourceUrlUIPart[] => parts.filter((part) => part.type === "source-url");

/** The tokens of files in a request, as measured by the server. */
export const tokensOfFiles = (files: readonly FileUIPart[]): number =>
	files.reduce((sum, { providerMetadata }) => sum + Number(providerMetadata?.parley?.tokens ?? 0), 0);

/** The parts of a user message: files first, and no empty text part. */
export const partsFor = (text: string, files: readonly FileUIPart[] = []): UIMessage["parts"] =>
	text || files.length === 0 ? [...files, { type: "text", text }] : [...files];

/** The model's reasoning, or "" when it sent none. */
export const reasoningOf = (message: Parts): string => partsOf(message, "reasoning");
