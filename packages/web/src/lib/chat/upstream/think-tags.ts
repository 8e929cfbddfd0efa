/** A text split into reasoning and answer. The reasoning comes first. */
export interface Words {
	text: string;
	reasoning: string;
}

const OPEN = /^\s*<(?:think|thinking|thought|reasoning)>\s*/i;
const CLOSE = /<\/(?:think|thinking|thought|reasoning)>\s*/i;
/** An incomplete tag at the end of the text received so far. */
const OPEN_BEGUN = /^\s*(?:<[a-z]{0,9})?$/i;
const CLOSE_BEGUN = /<(?:\/[a-z]{0,9})?$/i;
/** How many characters wait for a closing tag that has no opening one. */
const UNOPENED_MAX = 64_000;

/** Models whose template contains the opening tag, so answers only close it: DeepSeek R1, QwQ and "thinking" models as served by vLLM. */
export const beginsInside = (model: string): boolean =>
	/think|reason|qwq|(?:^|[^a-z0-9])r1(?:[^0-9]|$)/i.test(model) && !/(?:non|no|without)[-_ ]?(?:think|reason)/i.test(model);

/**
 * Extracts reasoning from a text that starts with `<think>`. Only at the start: later it is part of the answer, for example in a discussion of XML.
 * Tags may be split over chunks, in upper case, or never closed.
 */
export class ThinkTags {
	#state: "before" | "inside" | "unopened" | "after" = "before";
	#held = "";
	readonly #mayBeUnopened: boolean;

	/** @param mayBeUnopened buffer a text without an opening tag until it closes one, or ends */
	constructor(mayBeUnopened = false) {
		this.#mayBeUnopened = mayBeUnopened;
	}

	/** @returns the text that can be classified; the rest is buffered */
	read(text: string): Words {
		this.#held += text;
		if (this.#state === "before") this.#readBefore();
		if (this.#state === "unopened") return this.#readUnopened();
		const reasoning = this.#state === "inside" ? this.#readInside() : "";
		if (this.#state !== "after") return { text: "", reasoning };
		return { text: this.#take(), reasoning };
	}

	/** The rest. Also called when reasoning arrives in a field of its own, because then the text contains none. */
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
