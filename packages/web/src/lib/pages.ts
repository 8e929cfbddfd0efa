import { createServerFn } from "@tanstack/react-start";
import type { ChatView, PricingView, Shell } from "../view.ts";

/** The frame of every page: who is asking, what is left, the own chats, the models. */
export const loadShell = createServerFn({ method: "GET" }).handler(
	async (): Promise<Shell> => ({
		viewer: { kind: "guest" },
		usage: {
			tier: "guest",
			limit: 5,
			used: 2,
			held: 0,
			remaining: 3,
			topUps: 0,
			window: { start: null, end: null },
			resetAt: null,
			unverified: false,
		},
		chats: [],
		models: [{ id: "demo", label: "Demo" }],
		demo: true,
		billing: "none",
		mailboxUrl: null,
	}),
);

/** One own chat with its messages; null when there is none of that id, or it is someone else's. */
export const loadChat = createServerFn({ method: "GET" })
	.validator((chatId: string) => chatId)
	.handler(async ({ data }): Promise<ChatView | null> => ({ id: data, title: "Chat", messages: [], running: false }));

/** The plans as the billing provider has them. */
export const loadPricing = createServerFn({ method: "GET" }).handler(
	async (): Promise<PricingView> => ({ guestLimit: 5, freeLimit: 20, plans: [], unavailable: false }),
);
