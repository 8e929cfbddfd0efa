// Input rules for clients. No imports, so that pages, components and the server can share them.

/** Ids of chats, messages and accounts. */
export const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Request ids and transaction ids: clients may structure them with colons. */
export const REQUEST_ID = /^[A-Za-z0-9_:-]{1,64}$/;

/** A request's row in a ledger. Shared ledgers prefix the request id with a subject's key. */
export const LEDGER_ROW_ID = /^[A-Za-z0-9_:-]{1,160}$/;

/** The longest message of a user, in UTF-16 code units, as `maxLength` counts them. */
export const MESSAGE_CHARS_MAX = 32_768;

/** The most files per message, in any tier. */
export const FILES_MAX = 10;

/** The longest text file, in UTF-16 code units. */
export const FILE_CHARS_MAX = 400_000;

/** The longest file name, in UTF-16 code units. */
export const FILE_NAME_CHARS_MAX = 120;

/** The longest name of a chat folder, in UTF-16 code units. */
export const FOLDER_NAME_CHARS_MAX = 60;

/** The longest title a viewer may give a chat, in UTF-16 code units. */
export const TITLE_CHARS_MAX = 120;
