import { t } from "./text/text.ts";

// Separate from the other rules (input.ts), because the chat's scripts include that whole module.

/** The longest name of a user or an organization, in characters (code points). */
export const NAME_CHARS_MAX = 60;

/** The message for a rejected name. */
export const nameRule = (): string => t("auth_name_rule", { max: String(NAME_CHARS_MAX) });
