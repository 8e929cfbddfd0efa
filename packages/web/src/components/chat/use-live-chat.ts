import { type ComponentType, useEffect, useEffectEvent, useState } from "react";
import type { LiveChatProps, Sending } from "./live-chat.tsx";

/**
 * The component around useChat, loaded once `armed` is true and never on the server: it is heavier than the rest of the page. `onFailed` is
 * called when it cannot be loaded; arming it again tries again.
 * @param queued what waits for it. A new one tries again, too: an attempt that began before may fail while the message is being sent
 */
export function useLiveChat(armed: boolean, queued: Sending | undefined, onFailed: () => void): ComponentType<LiveChatProps> | undefined {
	const [loaded, setLoaded] = useState<ComponentType<LiveChatProps>>();
	const failed = useEffectEvent(onFailed);
	useEffect(() => {
		if (loaded || !(armed || queued)) return;
		let current = true;
		import("./live-chat.tsx").then((module) => current && setLoaded(() => module.default)).catch(() => current && failed());
		return () => {
			current = false;
		};
	}, [armed, loaded, queued]);
	return loaded;
}
