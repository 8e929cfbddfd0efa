import type { KeyboardEvent } from "react";

/** Whether the screen is operated by touch. Focusing a field there opens a keyboard over half of the screen. */
export const isTouch = () => matchMedia("(hover: none)").matches;

/** What a key press has as `keyCode` while an input method has the keyboard. Safari tells the Enter that ends a composition after it, by this alone. */
const COMPOSING = 229;

/** Whether a key press sends the message. Enter sends and Shift+Enter breaks the line, but on a touch keyboard plain Enter breaks the line. */
export function isSendKey({ key, shiftKey, ctrlKey, metaKey, nativeEvent }: KeyboardEvent): boolean {
	// While an input method composes a word, Enter confirms the word.
	if (key !== "Enter" || shiftKey || nativeEvent.isComposing || nativeEvent.keyCode === COMPOSING) return false;
	return ctrlKey || metaKey || !isTouch();
}
