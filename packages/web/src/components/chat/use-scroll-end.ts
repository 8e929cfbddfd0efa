import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

const REVERSED = "scroller-at-end";
const nearPx = 32;
/** The gap above a turn at the top of the view. */
const abovePx = 12;

/** How the view is positioned while the text grows. */
interface Place {
	/** Whether the viewer is at the end, which the view then follows. */
	following: boolean;
	/** The turn at the top until the viewer scrolls, so that its answer can be read from its start. */
	pinned: HTMLElement | null;
}

/**
 * Keeps the end of a growing text in view while the viewer is there, and stops as soon as they scroll up. A new question moves to the top instead,
 * and its answer grows below it.
 * @param fromStart starts at the beginning of the text; `toEnd` starts following
 */
export function useScrollEnd(fromStart: boolean) {
	const scroller = useRef<HTMLDivElement>(null);
	const content = useRef<HTMLDivElement>(null);
	const [reversed] = useState(!fromStart);
	const [atEnd, setAtEnd] = useState(true);
	const place = useRef<Place>({ following: reversed, pinned: null });

	function toEnd() {
		place.current = { following: true, pinned: null };
		setAtEnd(true);
		const isReduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
		scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior: isReduced ? "instant" : "smooth" });
	}

	/** Moves the last turn to the top of the view. */
	function toTop() {
		const turns = content.current?.querySelectorAll<HTMLElement>(".turn");
		const last = turns?.[turns.length - 1];
		if (!last || !scroller.current) return;
		place.current = { following: false, pinned: last };
		scroller.current.scrollTop += topOf(last, scroller.current) - abovePx;
	}

	/** Keeps the view in place while messages change. @returns a function to call after messages above the view have changed */
	function stay() {
		place.current = { following: false, pinned: null };
		const element = scroller.current;
		const first = content.current?.querySelector<HTMLElement>(".turn");
		if (!element || !first) return () => {};
		const offset = () => topOf(first, element) + element.scrollTop;
		const before = offset();
		return () => {
			element.scrollTop += offset() - before;
		};
	}

	// The server's HTML scrolls in reverse, which shows the end without scripts. Undo that without moving the text. The class is removed outside React,
	// because a changed prop would render the page again.
	useLayoutEffect(() => {
		const element = scroller.current;
		if (!element?.classList.contains(REVERSED)) return;
		const fromEnd = -element.scrollTop;
		element.classList.remove(REVERSED);
		element.scrollTop = element.scrollHeight - element.clientHeight - fromEnd;
	}, []);

	useEffect(() => {
		const element = scroller.current;
		const inner = content.current;
		if (!element || !inner) return;
		return follow(element, inner, place, setAtEnd);
	}, []);

	return { scroller, content, atEnd, toEnd, toTop, stay, scrollerClass: reversed ? REVERSED : "" };
}

const topOf = (turn: HTMLElement, scroller: HTMLElement) => turn.getBoundingClientRect().top - scroller.getBoundingClientRect().top;

/** Scrolls to the end whenever the text grows while the viewer follows it. Returns a function that stops observing. */
function follow(element: HTMLElement, inner: HTMLElement, place: RefObject<Place>, onAtEnd: (atEnd: boolean) => void): () => void {
	let before = element.scrollTop;
	const onScroll = () => {
		const near = element.scrollHeight - element.clientHeight - element.scrollTop < nearPx;
		const { pinned, following } = place.current;
		const isPinned = pinned?.isConnected && Math.abs(topOf(pinned, element) - abovePx) < 2;
		// Growing text also increases the distance to the end, but only the viewer scrolls up.
		if (!isPinned) place.current = { following: near || (following && element.scrollTop >= before), pinned: null };
		before = element.scrollTop;
		onAtEnd(near || place.current.following);
	};
	const watcher = new ResizeObserver(() => {
		const { following, pinned } = place.current;
		if (following) element.scrollTop = element.scrollHeight;
		else if (pinned?.isConnected) element.scrollTop += topOf(pinned, element) - abovePx;
		onScroll();
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
