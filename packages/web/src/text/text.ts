import { name as brandName } from "virtual:brand";
import type { Catalogue, Key, Params } from "./catalogue.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { number } from "./format.ts";
import type { Language } from "./languages.ts";
import { language } from "./reader.ts";

const catalogues: Record<Language, Catalogue> = { en, de };

/**
 * A text in the reader's language. The key is always literal: the scripts of a page hold one language and not this function, because the build writes the
 * text in place of each call (build/inline-texts.ts). Numbers, dates and amounts come formatted (format.ts); only `count` is a number.
 */
export function t<K extends Key>(key: K, ...[params]: Params<K, string>): string {
	return partsOf(key, params ?? {}).join("");
}

/** The pieces of a message: its text, and the values of its parameters. */
export function partsOf<Value>(key: Key, params: { [name: string]: Value | number }): (Value | string | number)[] {
	const message = catalogues[language()][key];
	const count = typeof message === "string" ? null : Number(params.count);
	const pattern = typeof message === "string" ? message : message[count === 1 ? "one" : "other"];
	return pattern.split(/\{(\w+)\}/).map((part, index) => {
		if (index % 2 === 0) return part;
		if (part === "brand") return brandName;
		return part === "count" && count !== null ? number(count) : (params[part] as Value);
	});
}
