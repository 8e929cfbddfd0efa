/** Messages between this browser's tabs. Receivers read the details from the server. */
interface News {
	/** Someone has signed in or out. */
	viewer: "signed-in" | "signed-out";
	/** The viewer has confirmed their email address. */
	email: "confirmed";
	/** `plan`: the plan or its balance changed. `payer`: the payer changed, to the viewer or an organization. */
	billing: "plan" | "payer";
	/** The viewer's own instructions have changed. */
	instructions: "saved";
	/** The id of a chat that has changed. */
	chat: string;
	/** The id of a queued message that was sent, changed or removed. */
	queued: string;
}

/** One per page: a message reaches every other channel of the same name, even a second one in the same page. */
let channel: BroadcastChannel | undefined;

function toTabs(): BroadcastChannel {
	channel ??= new BroadcastChannel("parley");
	return channel;
}

/** Notifies this browser's other tabs, but not this one. */
export function tellTabs<About extends keyof News>(about: About, news: News[About]): void {
	toTabs().postMessage({ about, news });
}

/** Calls back for messages of other tabs. @returns a function that stops it */
export function hearTabs<About extends keyof News>(about: About, onNews: (news: News[About]) => void): () => void {
	const listener = ({ data }: MessageEvent<{ about: keyof News; news: News[About] }>) => {
		if (data.about === about) onNews(data.news);
	};
	toTabs().addEventListener("message", listener);
	return () => toTabs().removeEventListener("message", listener);
}
