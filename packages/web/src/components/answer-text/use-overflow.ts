import { type RefObject, useEffect, useState } from "react";

/** Whether an element's content is wider than the element, and whether part of it is hidden beyond its end. */
export function useOverflow(element: RefObject<HTMLElement | null>): { overflows: boolean; more: boolean } {
	const [overflow, setOverflow] = useState({ overflows: false, more: false });
	useEffect(() => {
		const scroller = element.current;
		const content = scroller?.firstElementChild;
		if (!scroller || !content) return;
		function measure() {
			if (!scroller) return;
			const { scrollWidth, clientWidth, scrollLeft } = scroller;
			const overflows = scrollWidth > clientWidth + 1;
			const more = overflows && Math.abs(scrollLeft) + clientWidth < scrollWidth - 1;
			setOverflow((before) => (before.overflows === overflows && before.more === more ? before : { overflows, more }));
		}
		const observer = new ResizeObserver(measure);
		observer.observe(scroller);
		observer.observe(content);
		scroller.addEventListener("scroll", measure, { passive: true });
		return () => {
			observer.disconnect();
			scroller.removeEventListener("scroll", measure);
		};
	}, [element]);
	return overflow;
}
