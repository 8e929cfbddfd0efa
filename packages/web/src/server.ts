import { createStartHandler, defaultStreamHandler } from "@tanstack/react-start/server";
import { drainBody } from "./lib/http/drain.ts";
import { guardConsole, logFailedRequest } from "./log.ts";

export { ChatList } from "./objects/chat-list.ts";
export { Conversation } from "./objects/conversation.ts";
export { UsageLedger } from "./objects/usage-ledger.ts";

// Development shows errors whole. Also on each request: a test environment replaces the console after this module is loaded.
const guard = import.meta.env.DEV ? () => {} : guardConsole;
guard();

const start = createStartHandler((page) => {
	// Start logs server functions and rendering that fail, but not loaders.
	for (const { status, error } of page.router.state.matches) if (status === "error") logFailedRequest(page.request, error);
	return defaultStreamHandler(page);
});

export default {
	/** Every request to the Worker: API routes, server functions and pages. */
	async fetch(request) {
		guard();
		try {
			return await start(request);
		} finally {
			await drainBody(request);
		}
	},
} satisfies ExportedHandler;
