// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

import type { ChatSummary, FileLimit, FolderName, ModelOption, SearchOffer, SuggestedPrompt } from "./chat.ts";
import type { Viewer } from "./identity.ts";
import type { Tier, UsageView } from "./usage.ts";

/** The data that every page's frame needs. */
export interface Shell {
	viewer: Viewer;
	usage: UsageView;
	/** Days a chat is kept after its last use; null for forever. */
	keptDays: number | null;
	/** The newest page of the viewer's chats, and where the next one starts; null after the last. */
	chats: ChatSummary[];
	olderChats: string | null;
	/** The viewer's chat folders, by name. A guest has none. */
	folders: FolderName[];
	/** When they were read, ISO 8601. */
	readAt: string;
	/** The models on offer, default first. */
	models: ModelOption[];
	/** The price of web search; null if it is not offered. */
	search: SearchOffer | null;
	/** Whether the built-in demo model answers, because no real one is configured. */
	demo: boolean;
	/** Whether plans are sold here, and whether pages read billing with the provider's SDK in the browser. */
	billing: { sells: boolean; hasBrowserSdk: boolean };
	/** Daily requests of a user without a plan. */
	freeLimit: number;
	/** Each tier's limits for attachments. */
	files: Record<Tier, FileLimit>;
	/** Estimated tokens that instructions add to each request, besides those of its chat: the deployer's and the viewer's own. */
	instructions: { site: number; own: number };
	/** The suggested prompts of a new chat. */
	suggestedPrompts: SuggestedPrompt[];
	/** The sandbox's mailbox under `npm start`, where confirmation links arrive; null elsewhere. */
	mailboxUrl: string | null;
}
