import { useEffect, useEffectEvent } from "react";
import { isKey, type KeyName } from "./keys.ts";

/** Handles shortcuts anywhere on the page except in an open dialog or listbox. A symbol without Ctrl or ⌘ belongs to the field it is typed in. */
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
