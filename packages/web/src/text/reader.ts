import { createIsomorphicFn } from "@tanstack/react-start";
import type { Language } from "./languages.ts";
import { readerNow } from "./writing-for.ts";

/** The language of the page or answer that is being written. In a browser it is the page's. */
export const language = createIsomorphicFn()
	.server((): Language => readerNow().language)
	.client((): Language => document.documentElement.lang as Language);

/** The reader's time zone: null until it is known, and undefined in a browser, whose own it is. */
export const timeZone = createIsomorphicFn()
	.server((): string | null | undefined => readerNow().timeZone)
	.client((): string | null | undefined => undefined);

/** The zone that the page was written for, where that is not the reader's own (components/frame/zone-script.ts). */
export const servedZone = createIsomorphicFn()
	.server((): string | null | undefined => readerNow().timeZone)
	.client((): string | null | undefined => document.documentElement.dataset.zone);
