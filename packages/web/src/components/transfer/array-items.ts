import { t } from "../../text/text.ts";

/** A longer item is not a chat. */
const ITEM_CHARS_MAX = 64 * 1024 * 1024;

/**
 * The items of a JSON array, each as its own text, while the file is read: only one is in memory at a time. A file that is not an array is one item.
 * @throws {SyntaxError} for a truncated file, or an item of more than 64 Mi characters
 */
export async function* arrayItems(file: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
	const splitter = new Splitter();
	const decoder = new TextDecoder();
	const reader = file.getReader();
	try {
		for (let read = await reader.read(); !read.done; read = await reader.read())
			yield* splitter.take(decoder.decode(read.value, { stream: true }));
		yield* splitter.end();
	} finally {
		// Runs if the consumer stops before the end of the file.
		void reader.cancel().catch(() => {});
	}
}

/** Splits a text at the commas between the items of its outermost array. Does not validate the items. */
class Splitter {
	#item = "";
	#depth = 0;
	#isArray: boolean | undefined;
	#inText = false;
	#isEscaped = false;

	*take(chunk: string): Generator<string, void> {
		let from = 0;
		for (let at = 0; at < chunk.length; at += 1) {
			const char = chunk[at] as string;
			if (this.#inText) this.#takeOfText(char);
			else if (char === '"') this.#inText = true;
			else if (char === "{" || char === "[") {
				if (this.#isArray === undefined) {
					this.#isArray = char === "[";
					if (this.#isArray) from = at + 1;
				}
				this.#depth += 1;
			} else if (char === "}" || char === "]") this.#depth -= 1;
			const isEnd = this.#isArray && !this.#inText && ((char === "," && this.#depth === 1) || (char === "]" && this.#depth === 0));
			if (!isEnd) continue;
			yield* this.#cut(chunk.slice(from, at));
			from = at + 1;
		}
		this.#item += chunk.slice(from);
		if (this.#item.length > ITEM_CHARS_MAX) throw new SyntaxError(t("import_item_too_large"));
	}

	*end(): Generator<string, void> {
		if (this.#depth !== 0 || this.#inText || (this.#isArray && this.#item.trim() !== "")) throw new SyntaxError(t("import_breaks_off"));
		if (!this.#isArray) yield* this.#cut("");
	}

	#takeOfText(char: string): void {
		if (this.#isEscaped) this.#isEscaped = false;
		else if (char === "\\") this.#isEscaped = true;
		else if (char === '"') this.#inText = false;
	}

	*#cut(rest: string): Generator<string, void> {
		const item = (this.#item + rest).trim();
		this.#item = "";
		if (item !== "") yield item;
	}
}
