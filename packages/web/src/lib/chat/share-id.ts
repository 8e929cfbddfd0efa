import { randomBytes } from "node:crypto";

/** A new id of a share: 128 random bits, which nobody guesses. Whoever has it can read the share. */
export const newShareId = (): string => randomBytes(16).toString("base64url");

/** Whether a text can be such an id. Anything else names no object. */
export const isShareId = (text: string | undefined): text is string => text !== undefined && /^[\w-]{22}$/.test(text);
