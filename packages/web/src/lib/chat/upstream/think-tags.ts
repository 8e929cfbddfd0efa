/** What a text says: words of the answer, and reasoning. The reasoning comes first. */
export interface Words {
	text: string;
	reasoning: string;
}

const OPEN = /^\s*<(?:think|thinking|thought|reasoning)>\s*/i;
const CLOSE = /<\/(?:think|thinking|thought|reasoning)>\s*/i;
/** The beginning of a mark, at the end of what has come. */
const OPEN_BEGUN = /^\s*(?:<[a-z]{0,9})?$/i;
const CLOSE_BEGUN = /<(?:\/[a-z]{0,9})?$/i;
/** So many characters wait for a closing mark that has no opening one. */
const UNOPENED_MAX = 64_000;

/** Models whose template has the opening mark, so that their answers only close it: DeepSeek R1, QwQ and "thinking" models as vLLM serves them. */
export const beginsInside = (model: string): boolean =>
	/think|reason|qwq|(?:^|[^a-z0-9])r1(?:[^0-9]|$)/i.test(model) && !/(?:non|no|without)[-_ ]?(?:think|reason)/i.test(model);

/**
 * Takes reasoning out of a text that begins with `<think>`. Only at the beginning: later it is a word of the answer, as in a talk about XML. Marks may
 * be cut over chunks, in upper case, or never be closed.
 */
export class ThinkTags {
	#state: "before" | "inside" | "unopened" | "after" = "before";
	#held = "";
	readonly #mayBeUnopened: boolean;

	/** @param mayBeUnopened hold a text without an opening mark until it closes one, or ends */
	constructor(mayBeUnopened = false) {
		this.#mayBeUnopened = mayBeUnopened;
	}

	/** @returns what is clear of the text; the rest is held */
	read(text: string): Words {
		this.#held += text;
		if (this.#state === "before") this.#readBefore();
		if (this.#state === "unopened") return this.#readUnopened();
		const reasoning = this.#state === "inside" ? this.#readInside() : "";
		if (this.#state !== "after") return { text: "", reasoning };
		return { text: this.#take(), reasoning };
	}

	/** The rest. Also where reasoning comes in a field of its own: then the text has none. */
	end(): Words {
		const isReasoning = this.#state === "inside";
		this.#state = "after";
		const held = this.#take();
		return isReasoning ? { text: "", reasoning: held } : { text: held, reasoning: "" };
	}

	#readBefore(): void {
		const open = OPEN.exec(this.#held);
		if (open) {
			this.#held = this.#held.slice(open[0].length);
			this.#state = "inside";
		} else if (!OPEN_BEGUN.test(this.#held)) {
			this.#state = this.#mayBeUnopened ? "unopened" : "after";
		}
	}

	#readInside(): string {
		const close = CLOSE.exec(this.#held);
		const end = close?.index ?? CLOSE_BEGUN.exec(this.#held)?.index ?? this.#held.length;
		const reasoning = this.#held.slice(0, end);
		this.#held = this.#held.slice(end + (close?.[0].length ?? 0));
		if (close) this.#state = "after";
		return reasoning;
	}

	#readUnopened(): Words {
		if (!CLOSE.test(this.#held) && this.#held.length < UNOPENED_MAX) return { text: "", reasoning: "" };
		if (!CLOSE.test(this.#held)) return this.end();
		const reasoning = this.#readInside();
		return { text: this.#take(), reasoning };
	}

	#take(): string {
		const held = this.#held;
		this.#held = "";
		return held;
	}
}
