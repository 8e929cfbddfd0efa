import { randomBytes } from "node:crypto";

/** A new share id: 128 random bits, impossible to guess. Anyone who has it can read the share. */
export const newShareId = (): string => randomBytes(16).toString("base64url");

/** Whether a text has the form of a share id. Anything else must not address an object. */
export const isShareId = (text: string | undefined): text is string => text !== undefined && /^[\w-]{22}$/.test(text);
