/** Whether the screen is operated by touch. Focusing a field there opens a keyboard over half of the screen. */
export const isTouch = () => matchMedia("(hover: none)").matches;

/** What a key press has as `keyCode` while an input method has the keyboard. Safari tells the Enter that ends a composition after it, by this alone. */
const COMPOSING = 229;

/** Whether an input method has the keyboard: Enter then chooses a word, and Escape drops it. */
export const isComposing = ({ isComposing, keyCode }: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean =>
	isComposing || keyCode === COMPOSING;

/** Whether the reader has chosen that only Ctrl or the Mac's command key with Enter sends (components/account/appearance.ts). */
export const sendsWithMod = () => document.documentElement.dataset.enter === "mod";

/** Whether a key press sends the message. Enter sends and Shift+Enter breaks the line, but on a touch keyboard plain Enter breaks the line. */
export function isSendKey(event: KeyboardEvent): boolean {
	const { key, shiftKey, ctrlKey, metaKey } = event;
	return key === "Enter" && !shiftKey && !isComposing(event) && (ctrlKey || metaKey || !(isTouch() || sendsWithMod()));
}
