import { useLayoutEffect, useRef, useState } from "react";
import type { LiveMessage } from "./live-chat.tsx";

/**
 * The thread's scroll position: a sent message moves to the top of the view, and the view stays when messages change above it.
 * @param toTop moves the last turn there
 */
export function usePlace(messages: LiveMessage[], toTop: () => void, stay: () => () => void) {
	const [roomy, setRoomy] = useState(false);
	const sent = useRef(false);
	const settle = useRef<() => void>(undefined);
	const last = messages.at(-1);
	useLayoutEffect(() => {
		// The sent question or its answer. An edited question is last as soon as it is sent.
		if (!sent.current || !last || (last.role !== "user" && last.metadata?.state)) return;
		sent.current = false;
		toTop();
	});
	const first = messages[0]?.id;
	// biome-ignore lint/correctness/useExhaustiveDependencies: messages were added before the first
	useLayoutEffect(() => {
		settle.current?.();
		settle.current = undefined;
	}, [first]);

	return {
		roomy,
		onSent: () => {
			setRoomy(true);
			sent.current = true;
		},
		/** `above`: messages are added above the shown ones. */
		onMoving: (where: "above" | "below") => {
			const settled = stay();
			if (where === "above") settle.current = settled;
			else setRoomy(true);
		},
	};
}
