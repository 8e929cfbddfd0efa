/** The commit of this build; "dev" under Vite's dev server. */
declare const __BUILD__: string;

declare namespace Cloudflare {
	/** Bindings of wrangler.toml. Only config.ts reads secrets and variables. */
	interface Env {
		DB: D1Database;
		USAGE_LEDGER: DurableObjectNamespace<import("./objects/usage-ledger.ts").UsageLedger>;
		CHAT_LIST: DurableObjectNamespace<import("./objects/chat-list.ts").ChatList>;
		SHARE_LIST: DurableObjectNamespace<import("./objects/share-list.ts").ShareList>;
		SHARED_CHAT: DurableObjectNamespace<import("./objects/shared-chat.ts").SharedChat>;
		/** Where files of chats are kept. Absent where the deployer leaves it out of wrangler.toml. */
		FILES?: R2Bucket;
		CONVERSATION: DurableObjectNamespace<import("./objects/conversation.ts").Conversation>;
	}
	interface GlobalProps {
		mainModule: typeof import("./server.ts");
	}
}
