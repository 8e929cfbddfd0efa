import { createRootRouteWithContext, HeadContent, Outlet, Scripts } from "@tanstack/react-router";
import { firstPaintScript } from "../components/frame/first-paint.ts";
import { foldScript } from "../components/frame/side-column.tsx";
import styles from "../styles.css?url";

export interface RouterContext {
	/** Chats begun in this tab, by id, with their titles. Their pages open without a request to the server. */
	newChats: Map<string, string>;
}

export const Route = createRootRouteWithContext<RouterContext>()({
	head: () => ({
		meta: [
			{ charSet: "utf-8" },
			{ name: "viewport", content: "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" },
			{ title: "Parley" },
			{ name: "description", content: "A quiet place to ask an AI, where you always see what is left to ask." },
			{ name: "color-scheme", content: "light dark" },
			{ name: "theme-color", media: "(prefers-color-scheme: light)", content: "#fbfaf7" },
			{ name: "theme-color", media: "(prefers-color-scheme: dark)", content: "#161513" },
		],
		links: [
			{ rel: "stylesheet", href: styles },
			{ rel: "icon", type: "image/svg+xml", href: "/favicon.svg" },
		],
		// They have run when the page's own scripts load, which need not carry them.
		scripts: import.meta.env.SSR ? [{ children: `${foldScript};${firstPaintScript}` }] : [],
	}),
	component: () => (
		<html lang="en" suppressHydrationWarning>
			<head>
				<HeadContent />
			</head>
			<body>
				<Outlet />
				<Scripts />
			</body>
		</html>
	),
});
