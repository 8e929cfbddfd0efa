// Apart from the other rules (input.ts), whose module the chat's scripts carry whole.

/** The longest name of a user or an organization, in characters (code points). */
export const NAME_CHARS_MAX = 60;

/** What a refused name is answered with. */
export const NAME_RULE = `A name is one line of at most ${NAME_CHARS_MAX} characters, without web or mail addresses. After a full stop, put a space: mail programs make a link of “J.Smith”.`;
