import { t } from "./text/text.ts";

// Apart from the other rules (input.ts), whose module the chat's scripts carry whole.

/** The longest name of a user or an organization, in characters (code points). */
export const NAME_CHARS_MAX = 60;

/** What a refused name is answered with. */
export const nameRule = (): string => t("auth_name_rule", { max: String(NAME_CHARS_MAX) });
