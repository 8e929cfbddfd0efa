import { useEffect, useEffectEvent } from "react";

/** The plan or what is left of it has changed, or another one pays now: the reader or an organization. */
type News = "plan" | "payer";

let channel: BroadcastChannel | undefined;

/** One a page: it hears the other tabs, and not itself. */
function tabs(): BroadcastChannel | undefined {
	if (typeof BroadcastChannel === "undefined") return;
	channel ??= new BroadcastChannel("parley:plan");
	return channel;
}

/** Tells the other tabs of this browser. They ask the server themselves what it is. */
export function tellTabs(news: News): void {
	tabs()?.postMessage(news);
}

/** Calls when another tab says so. */
export function usePlanNews(onNews: (news: News) => void): void {
	const heard = useEffectEvent(onNews);
	useEffect(() => {
		const listener = ({ data }: MessageEvent<News>) => heard(data);
		tabs()?.addEventListener("message", listener);
		return () => tabs()?.removeEventListener("message", listener);
	}, []);
}
