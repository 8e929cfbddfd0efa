import type { KeyboardEvent } from "react";

/** Whether a screen is used by touch: what takes the focus there opens a keyboard over half of it. */
export const isTouch = () => matchMedia("(hover: none)").matches;

/** Enter sends, and Shift + Enter breaks the line. A keyboard on the screen has only Enter, which breaks the line there. */
export function isSendKey({ key, shiftKey, ctrlKey, metaKey, nativeEvent }: KeyboardEvent): boolean {
	// While an input method composes a word, Enter belongs to it.
	if (key !== "Enter" || shiftKey || nativeEvent.isComposing) return false;
	return ctrlKey || metaKey || !isTouch();
}
