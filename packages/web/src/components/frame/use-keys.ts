import { useEffect, useEffectEvent } from "react";
import { isKey, type KeyName } from "./keys.ts";

/**
 * Handles keys that are pressed anywhere on the page but in an open dialog or list of choices. A sign without Ctrl or the Mac's command key belongs to the
 * field that it is pressed in.
 */
export function useKeys(handlers: { [Name in KeyName]?: (() => void) | undefined }): void {
	const pressed = useEffectEvent((event: KeyboardEvent) => {
		if (event.defaultPrevented || document.querySelector("[role=dialog], [role=menu]")) return;
		if (isTyped(event) || (event.target instanceof Element && event.target.closest("select"))) return;
		for (const [name, handle] of Object.entries(handlers)) {
			if (!handle || !isKey(event, name as KeyName)) continue;
			event.preventDefault();
			return handle();
		}
	});
	useEffect(() => {
		document.addEventListener("keydown", pressed);
		return () => document.removeEventListener("keydown", pressed);
	}, []);
}

const isTyped = ({ key, ctrlKey, metaKey, target }: KeyboardEvent) =>
	key.length === 1 &&
	!ctrlKey &&
	!metaKey &&
	target instanceof HTMLElement &&
	(target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(target.tagName));
