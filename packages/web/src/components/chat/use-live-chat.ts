import { type ComponentType, useEffect, useEffectEvent, useState } from "react";
import type { LiveChatProps, Sending } from "./live-chat.tsx";

/**
 * The component around useChat, loaded once `armed` is true and never on the server, because it is larger than the rest of the page. `onFailed` is
 * called if it cannot be loaded; arming it again retries.
 * @param queued the send waiting for it. A new one also retries, because an earlier load may fail while the message is being sent
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
