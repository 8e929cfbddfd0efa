import { createRouter } from "@tanstack/react-router";
import { ErrorPage, NotFoundPage } from "./components/frame/lost.tsx";
// biome-ignore lint/suspicious/noImportCycles: the generated route tree refers back to the type of this router
import { routeTree } from "./routeTree.gen.ts";

/** Creates the router with its own empty cache. TanStack Start calls it on both sides. */
export function getRouter() {
	return createRouter({
		routeTree,
		context: { newChats: new Map() },
		scrollRestoration: true,
		defaultPreload: "intent",
		// Usage and chats change while a page is open, so a preload may serve the click that follows it but no later one.
		defaultPreloadStaleTime: 3_000,
		defaultErrorComponent: ErrorPage,
		defaultNotFoundComponent: NotFoundPage,
	});
}

declare module "@tanstack/react-router" {
	interface Register {
		router: ReturnType<typeof getRouter>;
	}
}
