import { type RefObject, useEffect, useEffectEvent } from "react";

/**
 * Calls back once an element comes within one screen of the view, and again whenever `what` changes. Never if `what` is false. Far elements cost
 * nothing. `isCurrent` returns whether the element still shows the same `what`.
 */
export function useNear(
	element: RefObject<Element | null>,
	what: string | false,
	onNear: (isCurrent: () => boolean) => Promise<void>,
): void {
	const near = useEffectEvent(onNear);
	useEffect(() => {
		if (what === false || !element.current) return;
		let current = true;
		const observer = new IntersectionObserver(
			(entries) => {
				if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
				observer.disconnect();
				// A file that fails to load leaves the text as it is.
				near(() => current).catch(() => {});
			},
			// Scroll containers within the page clip `rootMargin`, so both are needed.
			{ rootMargin: "100%", scrollMargin: "100%" },
		);
		observer.observe(element.current);
		return () => {
			current = false;
			observer.disconnect();
		};
	}, [element, what]);
}
