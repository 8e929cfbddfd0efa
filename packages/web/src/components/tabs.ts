/** What a tab tells this browser's other tabs. They read the details from the server. */
interface News {
	/** Someone has signed in or out. */
	viewer: "signed-in" | "signed-out";
	/** The viewer has confirmed their email address. */
	email: "confirmed";
	/** `plan`: the plan or its balance changed. `payer`: someone else pays now, the viewer or an organization. */
	billing: "plan" | "payer";
	/** The viewer's own instructions have changed. */
	instructions: "saved";
	/** The id of a chat that has changed. */
	chat: string;
	/** The id of a queued message that was sent, changed or removed. */
	queued: string;
}

/** One for the page: a channel is heard by every other one of its name, also by a second one in the same page. */
let channel: BroadcastChannel | undefined;

function toTabs(): BroadcastChannel {
	channel ??= new BroadcastChannel("parley");
	return channel;
}

/** Tells this browser's other tabs. This one does not hear it. */
export function tellTabs<About extends keyof News>(about: About, news: News[About]): void {
	toTabs().postMessage({ about, news });
}

/** Calls back for the news of other tabs. @returns a function that ends it */
export function hearTabs<About extends keyof News>(about: About, onNews: (news: News[About]) => void): () => void {
	const listener = ({ data }: MessageEvent<{ about: keyof News; news: News[About] }>) => {
		if (data.about === about) onNews(data.news);
	};
	toTabs().addEventListener("message", listener);
	return () => toTabs().removeEventListener("message", listener);
}
