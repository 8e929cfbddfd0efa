import { useEffect, useEffectEvent, useRef } from "react";
import { t } from "../../text/text.ts";

/** How far from the view earlier messages start to load, in pixels, so that scrolling rarely waits. */
const NEAR_PX = 800;

interface EarlierProps {
	/** The id of the first message on the page. When it changes, the page before may be near as well. */
	first: string | undefined;
	onShow: () => void;
}

/** Loads the messages before those on the page, when the viewer scrolls near them or presses the button. */
export function Earlier({ first, onShow }: EarlierProps) {
	const button = useRef<HTMLButtonElement>(null);
	const show = useEffectEvent(onShow);
	// biome-ignore lint/correctness/useExhaustiveDependencies: a new observer reports whether the button is near
	useEffect(() => {
		if (!button.current) return;
		const onNear = (entries: IntersectionObserverEntry[]) => entries.some(({ isIntersecting }) => isIntersecting) && show();
		// Not `rootMargin`, which the scroll container around the messages clips.
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
