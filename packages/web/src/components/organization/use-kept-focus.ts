import { type RefObject, useEffect, useRef } from "react";

/** A button that removes its own row loses the focus. This moves it to `target` once no dialog is open. */
export function useKeptFocus(target: RefObject<HTMLElement | null>, rows: number, hasDialog = false): void {
	const before = useRef(rows);
	useEffect(() => {
		if (hasDialog) return;
		if (rows < before.current && document.activeElement === document.body) target.current?.focus();
		before.current = rows;
	}, [target, rows, hasDialog]);
}
