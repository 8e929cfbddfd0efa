import { createRouter } from "@tanstack/react-router";
import { ErrorPage, NotFoundPage } from "./components/frame/lost.tsx";
// biome-ignore lint/suspicious/noImportCycles: the generated route tree refers back to the type of this router
import { routeTree } from "./routeTree.gen.ts";

export function getRouter() {
	return createRouter({
		routeTree,
		context: { newChats: new Map() },
		scrollRestoration: true,
		defaultPreload: "intent",
		// What is left and what was said change behind a preload: it serves the press that follows it, and no later one.
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
