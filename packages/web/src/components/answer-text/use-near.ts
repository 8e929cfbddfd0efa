import { type RefObject, useEffect, useEffectEvent } from "react";

/**
 * Calls back once an element comes within a screen of what is seen, and again whenever `what` changes. Not for `false`. What is far away costs nothing.
 * `isCurrent` tells whether the element still shows the same.
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
				// A file that could not be loaded leaves the text as it is.
				near(() => current).catch(() => {});
			},
			// What scrolls within the page clips the first of them.
			{ rootMargin: "100%", scrollMargin: "100%" },
		);
		observer.observe(element.current);
		return () => {
			current = false;
			observer.disconnect();
		};
	}, [element, what]);
}
