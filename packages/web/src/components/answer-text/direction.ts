import type { Block, Inline } from "./nodes.ts";

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * The direction of a list, quote or table: that of its first letter. `dir="auto"` would not do: it skips the children that have a direction of their
 * own.
 */
export function directionOf(block: Block): "rtl" | "ltr" {
	const letter = firstLetter(block);
	return letter && RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

const letterIn = (text: string): string | undefined => /\p{L}/u.exec(text)?.[0];

function firstLetter(block: Block): string | undefined {
	switch (block.kind) {
		case "paragraph":
		case "heading":
			return firstOf(block.inlines, letterOfInline);
		case "table":
			return firstOf([...block.header, ...block.rows.flat()], ({ inlines }) => firstOf(inlines, letterOfInline));
		case "list":
			return firstOf(block.items, (item) => firstOf(item.children, firstLetter));
		case "quote":
		case "details":
			return firstOf(block.children, firstLetter);
		default:
			return undefined;
	}
}

function letterOfInline(inline: Inline): string | undefined {
	if (typeof inline === "string") return letterIn(inline);
	return "children" in inline ? firstOf(inline.children, letterOfInline) : undefined;
}

function firstOf<T>(items: readonly T[], letterOf: (item: T) => string | undefined): string | undefined {
	for (const item of items) {
		const letter = letterOf(item);
		if (letter) return letter;
	}
	return undefined;
}
