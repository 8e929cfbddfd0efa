/** The commit of this build; "dev" under Vite's dev server. */
declare const __BUILD__: string;

/** For each script of an English page, by its address, the one of another language (build/client-per-language.ts). Empty under Vite's dev server. */
declare module "virtual:twins" {
	export const twins: Partial<Record<import("./text/languages.ts").Language, Record<string, string>>>;
}

declare namespace Cloudflare {
	/** Bindings of wrangler.toml. Only config.ts reads secrets and variables. */
	interface Env {
		DB: D1Database;
		USAGE_LEDGER: DurableObjectNamespace<import("./objects/usage-ledger.ts").UsageLedger>;
		CHAT_LIST: DurableObjectNamespace<import("./objects/chat-list.ts").ChatList>;
		SHARE_LIST: DurableObjectNamespace<import("./objects/share-list.ts").ShareList>;
		API_CALL: DurableObjectNamespace<import("./objects/api-call.ts").ApiCall>;
		SHARED_CHAT: DurableObjectNamespace<import("./objects/shared-chat.ts").SharedChat>;
		/** Where files of chats are kept. Absent where the deployer leaves it out of wrangler.toml. */
		FILES?: R2Bucket;
		CONVERSATION: DurableObjectNamespace<import("./objects/conversation.ts").Conversation>;
	}
	interface GlobalProps {
		mainModule: typeof import("./server.ts");
	}
}
