import { createRouter } from "@tanstack/react-router";
import { createIsomorphicFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { ErrorPage, NotFoundPage } from "./components/frame/lost.tsx";
import { nonceOf } from "./lib/http/security-headers.ts";
// biome-ignore lint/suspicious/noImportCycles: the generated route tree refers back to the type of this router
import { routeTree } from "./routeTree.gen.ts";

/** Lets the page's own inline scripts run. In the browser the router reads it from the page. */
const pageNonce = createIsomorphicFn()
	.server(() => ({ ssr: { nonce: nonceOf(getRequest()) } }))
	.client(() => ({}));

/** Creates the router with its own empty cache. TanStack Start calls it on both sides. */
export function getRouter() {
	return createRouter({
		routeTree,
		...pageNonce(),
		context: { newChats: new Map() },
		scrollRestoration: true,
		defaultPreload: "intent",
		// Usage and chats change while a page is open, so a preload may serve only the click that follows it.
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
