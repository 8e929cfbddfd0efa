/** The commit of this build; "dev" under Vite's dev server. */
declare const __BUILD__: string;

/** Maps each script of an English page to its counterpart in another language (build/client-per-language.ts). Empty under Vite's dev server. */
declare module "virtual:twins" {
	export const twins: Partial<Record<import("./text/languages.ts").Language, Record<string, string>>>;
}

/** The deployer's brand, validated (build/brand.ts). */
declare module "virtual:brand" {
	type Brand = Omit<import("../build/brand.ts").Brand, "files">;
	export const name: Brand["name"];
	export const slug: Brand["slug"];
	export const logo: Brand["logo"];
	export const accent: Brand["accent"];
	export const support: Brand["support"];
	export const securityContact: Brand["securityContact"];
	export const legal: Brand["legal"];
	export const legalTexts: Brand["legalTexts"];
	export const prompts: Brand["prompts"];
	export const systemText: Brand["systemText"];
	export const mailFrom: Brand["mailFrom"];
}

/** The mails' templates in each language (build/letter.tsx). */
declare module "virtual:letters" {
	/** The parts of a mail's HTML, with placeholders filled at run time: `%text%`, `%href%`. */
	export interface LetterTemplate {
		/** `%subject%`, `%body%`, and `%origin%` in links to our pages. */
		letter: string;
		paragraph: string;
		/** `%href%` and `%label%`. */
		button: string;
		code: string;
		/** The end of the plain text, also with `%origin%`. */
		signature: string;
	}
	export const letters: Record<import("./text/languages.ts").Language, LetterTemplate>;
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
		/** Storage for files of chats. Absent if the deployer omits it from wrangler.toml. */
		FILES?: R2Bucket;
		CONVERSATION: DurableObjectNamespace<import("./objects/conversation.ts").Conversation>;
	}
	interface GlobalProps {
		mainModule: typeof import("./server.ts");
	}
}
