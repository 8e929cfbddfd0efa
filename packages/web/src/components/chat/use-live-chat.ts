import { type ComponentType, useEffect, useEffectEvent, useState } from "react";
import type { LiveChatProps } from "./live-chat.tsx";

/**
 * The component around useChat, loaded once `armed` is true and never on the server: it is heavier than the rest of the page. `onFailed` is
 * called when it cannot be loaded; arming it again tries again.
 */
export function useLiveChat(armed: boolean, onFailed: () => void): ComponentType<LiveChatProps> | undefined {
	const [loaded, setLoaded] = useState<ComponentType<LiveChatProps>>();
	const failed = useEffectEvent(onFailed);
	useEffect(() => {
		if (!armed || loaded) return;
		let current = true;
		import("./live-chat.tsx").then((module) => current && setLoaded(() => module.default)).catch(() => current && failed());
		return () => {
			current = false;
		};
	}, [armed, loaded]);
	return loaded;
}
