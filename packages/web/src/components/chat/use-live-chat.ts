import { type ComponentType, useEffect, useEffectEvent, useState } from "react";
import type { LiveChatProps } from "./live-chat.tsx";

/**
 * useChat, which is heavier than the rest of the page: it comes with the first focus of the composer, and never on the server. It may fail to come
 * (no connection); whoever waits for it is told, and the next focus or send asks again.
 */
export function useLiveChat(armed: boolean, onFailed: () => void): ComponentType<LiveChatProps> | undefined {
	const [loaded, setLoaded] = useState<ComponentType<LiveChatProps>>();
	const failed = useEffectEvent(onFailed);
	useEffect(() => {
		if (!armed || loaded) return;
		let wanted = true;
		import("./live-chat.tsx").then((module) => wanted && setLoaded(() => module.default)).catch(() => wanted && failed());
		return () => {
			wanted = false;
		};
	}, [armed, loaded]);
	return loaded;
}
