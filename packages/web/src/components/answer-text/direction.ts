import type { Block, Inline, Text } from "./nodes.ts";

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * The direction of a list, quote or table: that of its first letter. `dir="auto"` does not work, because it skips children with a direction of their
 * own.
 */
export function directionOf(block: Block): "rtl" | "ltr" {
	const letter = firstLetter(block);
	return letter && RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

/** How many blocks and texts are searched for a letter, and how much of each text. Bounded, because nested blocks each search their content. */
const PARTS_MAX = 50;
const TEXT_CHARS_MAX = 500;

function firstLetter(block: Block): string | undefined {
	let partsLeft = PARTS_MAX;
	return letterInBlock(block);

	function letterInBlock(block: Block): string | undefined {
		switch (block.kind) {
			case "paragraph":
			case "heading":
				return firstOf(block.inlines, letterInInline);
			case "table":
				return firstOf(block.header, letterInCell) ?? firstOf(block.rows, (row) => firstOf(row, letterInCell));
			case "list":
				return firstOf(block.items, (item) => firstOf(item.children, letterInBlock));
			case "quote":
			case "details":
				return firstOf(block.children, letterInBlock);
			default:
				return undefined;
		}
	}

	function letterInCell({ inlines }: Text): string | undefined {
		return firstOf(inlines, letterInInline);
	}

	function letterInInline(inline: Inline): string | undefined {
		if (typeof inline === "string") return /\p{L}/u.exec(inline.slice(0, TEXT_CHARS_MAX))?.[0];
		return "children" in inline ? firstOf(inline.children, letterInInline) : undefined;
	}

	function firstOf<T>(items: readonly T[], letterIn: (item: T) => string | undefined): string | undefined {
		for (const item of items) {
			partsLeft -= 1;
			if (partsLeft < 0) return undefined;
			const letter = letterIn(item);
			if (letter) return letter;
		}
		return undefined;
	}
}
