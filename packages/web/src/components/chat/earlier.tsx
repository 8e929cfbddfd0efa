import { useEffect, useEffectEvent, useRef } from "react";
import { t } from "../../text/text.ts";

/** Earlier messages load this far before they are seen, pixels: scrolling rarely waits for them. */
const NEAR_PX = 800;

interface EarlierProps {
	/** The first message on the page. With a new one, the page before may be near as well. */
	first: string | undefined;
	onShow: () => void;
}

/** Shows the messages before those on the page: when the viewer scrolls near them, or by its button. */
export function Earlier({ first, onShow }: EarlierProps) {
	const button = useRef<HTMLButtonElement>(null);
	const show = useEffectEvent(onShow);
	// biome-ignore lint/correctness/useExhaustiveDependencies: a new observer reports whether the button is near
	useEffect(() => {
		if (!button.current) return;
		const onNear = (entries: IntersectionObserverEntry[]) => entries.some(({ isIntersecting }) => isIntersecting) && show();
		// Not `rootMargin`: the scroller around the messages would cut it off.
		const observer = new IntersectionObserver(onNear, { scrollMargin: `${NEAR_PX}px 0px 0px` });
		observer.observe(button.current);
		return () => observer.disconnect();
	}, [first]);
	return (
		<button ref={button} type="button" className="button-plain self-center" onClick={onShow}>
			{t("chat_earlier")}
		</button>
	);
}
