import { AsyncLocalStorage } from "node:async_hooks";
import type { Language } from "./languages.ts";

/** Whom a text is written for. */
export interface Reader {
	language: Language;
	/** An IANA name, such as "Europe/Berlin"; null while it is not known. */
	timeZone: string | null;
}

const readers = new AsyncLocalStorage<Reader>();

/** Runs `work`, all of whose texts are then written for this reader. */
export const writingFor = <T>(reader: Reader, work: () => T): T => readers.run(reader, work);

/** Whom the Worker writes for now: outside of a request, a reader of English. */
export const readerNow = (): Reader => readers.getStore() ?? { language: "en", timeZone: null };
