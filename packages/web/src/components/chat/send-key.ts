/** Whether the screen is operated by touch. Focusing a field there opens a keyboard over half of the screen. */
export const isTouch = () => matchMedia("(hover: none)").matches;

/** The `keyCode` of keys handled by an input method. Safari reports the Enter that ends a composition after it, marked only by this. */
const COMPOSING = 229;

/** Whether an input method handles the key: Enter then confirms a composition, and Escape cancels it. */
export const isComposing = ({ isComposing, keyCode }: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean =>
	isComposing || keyCode === COMPOSING;

/** Whether the reader has chosen to send only with Ctrl+Enter or ⌘+Enter (components/account/appearance.ts). */
export const sendsWithMod = () => document.documentElement.dataset.enter === "mod";

/** Whether a key press sends the message. Enter sends and Shift+Enter inserts a newline; on a touch keyboard plain Enter inserts one too. */
export function isSendKey(event: KeyboardEvent): boolean {
	const { key, shiftKey, ctrlKey, metaKey } = event;
	return key === "Enter" && !shiftKey && !isComposing(event) && (ctrlKey || metaKey || !(isTouch() || sendsWithMod()));
}
