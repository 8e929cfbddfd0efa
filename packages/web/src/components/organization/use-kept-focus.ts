import { type RefObject, useEffect, useRef } from "react";

/** A button that takes its own row away takes the focus along: it then goes to the list's place, once no dialog is open over it. */
export function useKeptFocus(place: RefObject<HTMLElement | null>, rows: number, hasDialog = false): void {
	const before = useRef(rows);
	useEffect(() => {
		if (hasDialog) return;
		if (rows < before.current && document.activeElement === document.body) place.current?.focus();
		before.current = rows;
	}, [place, rows, hasDialog]);
}
