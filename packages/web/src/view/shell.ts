// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

import type { ChatSummary, FileLimit, FolderName, ModelOption, SearchOffer, SuggestedPrompt } from "./chat.ts";
import type { Viewer } from "./identity.ts";
import type { Tier, UsageView } from "./usage.ts";

/** The data that every page's frame needs. */
export interface Shell {
	viewer: Viewer;
	usage: UsageView;
	/** How many days after its last use a chat is kept; null for ever. */
	keptDays: number | null;
	/** The newest page of the viewer's chats, and where the next one begins; null after the last. */
	chats: ChatSummary[];
	olderChats: string | null;
	/** The viewer's folders of chats, by name. A guest has none. */
	folders: FolderName[];
	/** When they were read, ISO 8601. */
	readAt: string;
	/** The models on offer, the default first. */
	models: ModelOption[];
	/** What web search costs; null where it is not offered. */
	search: SearchOffer | null;
	/** Whether the built-in demo model answers, because no real one is configured. */
	demo: boolean;
	/** Whether plans are sold here, and whether pages read billing with the provider's SDK in the browser. */
	billing: { sells: boolean; hasBrowserSdk: boolean };
	/** Requests a day for a user without a plan. */
	freeLimit: number;
	/** What each tier may attach to a message. */
	files: Record<Tier, FileLimit>;
	/** Estimated tokens that instructions add to each request, besides those of its chat: the deployer's and the viewer's own. */
	instructions: { site: number; own: number };
	/** What a new chat suggests. */
	suggestedPrompts: SuggestedPrompt[];
	/** The sandbox's mailbox under `npm start`, where confirmation links arrive; null elsewhere. */
	mailboxUrl: string | null;
}
