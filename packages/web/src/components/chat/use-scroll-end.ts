import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

const nearPx = 32;

/**
 * Follows the end of a growing text while the reader is there, and lets go of it as soon as they scroll away.
 * @param fromStart the text is read from its beginning, until `toEnd` is called
 */
export function useScrollEnd(scroller: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>, fromStart: boolean) {
	const [reversed] = useState(!fromStart);
	const [atEnd, setAtEnd] = useState(true);
	const [taken, setTaken] = useState(false);
	const following = useRef(reversed);

	function toEnd(behavior: "instant" | "smooth" = "instant") {
		following.current = true;
		setAtEnd(true);
		if (matchMedia("(prefers-reduced-motion: reduce)").matches) behavior = "instant";
		scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
	}

	// From the reversed scroller of the server's HTML to one that scrolls downwards, without moving what is seen.
	useLayoutEffect(() => {
		const element = scroller.current;
		if (!element || !reversed) return;
		const fromEnd = -element.scrollTop;
		element.classList.remove("scroller-at-end");
		element.scrollTop = element.scrollHeight - element.clientHeight - fromEnd;
		setTaken(true);
	}, [scroller, reversed]);

	useEffect(() => {
		const element = scroller.current;
		const inner = content.current;
		if (!element || !inner) return;
		let before = element.scrollTop;
		const onScroll = () => {
			const near = element.scrollHeight - element.clientHeight - element.scrollTop < nearPx;
			// Growing text leaves the end too, but only a reader goes upwards.
			if (near || element.scrollTop < before) following.current = near;
			before = element.scrollTop;
			setAtEnd(following.current);
		};
		const watcher = new ResizeObserver(() => {
			if (following.current) element.scrollTop = element.scrollHeight;
			else onScroll();
		});
		onScroll();
		element.addEventListener("scroll", onScroll, { passive: true });
		watcher.observe(inner);
		watcher.observe(element);
		return () => {
			element.removeEventListener("scroll", onScroll);
			watcher.disconnect();
		};
	}, [scroller, content]);

	return { atEnd, toEnd, scrollerClass: taken || !reversed ? "" : "scroller-at-end" };
}
