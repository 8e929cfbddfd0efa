import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

const nearPx = 32;

/**
 * Keeps the end of a growing text in view while the viewer is there, and stops as soon as they scroll up.
 * @param fromStart starts at the beginning of the text; `toEnd` begins to follow
 */
export function useScrollEnd(fromStart: boolean) {
	const scroller = useRef<HTMLDivElement>(null);
	const content = useRef<HTMLDivElement>(null);
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

	// The server's HTML scrolls in reverse, which shows the end without scripts. Turn it round without moving the text.
	useLayoutEffect(() => {
		const element = scroller.current;
		if (!element || !reversed) return;
		const fromEnd = -element.scrollTop;
		element.classList.remove("scroller-at-end");
		element.scrollTop = element.scrollHeight - element.clientHeight - fromEnd;
		setTaken(true);
	}, [reversed]);

	useEffect(() => {
		const element = scroller.current;
		const inner = content.current;
		if (!element || !inner) return;
		return follow(element, inner, following, setAtEnd);
	}, []);

	return { scroller, content, atEnd, toEnd, scrollerClass: taken || !reversed ? "" : "scroller-at-end" };
}

/** Scrolls to the end whenever the text grows while `following` is true. Returns a function that stops watching. */
function follow(element: HTMLElement, inner: HTMLElement, following: RefObject<boolean>, onAtEnd: (atEnd: boolean) => void): () => void {
	let before = element.scrollTop;
	const onScroll = () => {
		const near = element.scrollHeight - element.clientHeight - element.scrollTop < nearPx;
		// Growing text moves the end away as well, but only the viewer scrolls up.
		if (near || element.scrollTop < before) following.current = near;
		before = element.scrollTop;
		onAtEnd(following.current);
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
}
