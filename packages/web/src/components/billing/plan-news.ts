import { useEffect, useEffectEvent } from "react";

let channel: BroadcastChannel | undefined;

/** One a page: it hears the other tabs, and not itself. */
function tabs(): BroadcastChannel | undefined {
	if (typeof BroadcastChannel === "undefined") return;
	channel ??= new BroadcastChannel("parley:plan");
	return channel;
}

/** Tells the other tabs of this browser that the plan or what is left of it has changed. They ask the server themselves what it is. */
export function tellTabs(): void {
	tabs()?.postMessage("changed");
}

/** Calls when another tab says so. */
export function usePlanNews(onNews: () => void): void {
	const heard = useEffectEvent(onNews);
	useEffect(() => {
		const listener = () => heard();
		tabs()?.addEventListener("message", listener);
		return () => tabs()?.removeEventListener("message", listener);
	}, []);
}
