import { createRootRouteWithContext, HeadContent, Outlet, Scripts } from "@tanstack/react-router";
import { createIsomorphicFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { firstPaintScript } from "../components/frame/first-paint.ts";
import { foldScript } from "../components/frame/side-column.tsx";
import { zoneScript } from "../components/frame/zone-script.ts";
import styles from "../styles.css?url";
import { language, servedZone } from "../text/reader.ts";
import { t } from "../text/text.ts";
import { pageMeta } from "./-head.ts";

export interface RouterContext {
	/** Chats begun in this tab, by id, with their titles. Their pages open without a request to the server. */
	newChats: Map<string, string>;
}

/** Previews of links take pictures by whole addresses only. */
const ownOrigin = createIsomorphicFn()
	.server(() => new URL(getRequest().url).origin)
	.client(() => location.origin);

/** The build and the language are part of the address, so that each installs its own (public/sw.js). `vite dev` has no hashed assets to keep. */
const serviceWorkerScript = () =>
	`addEventListener("load",()=>navigator.serviceWorker?.register("/sw.js?${__BUILD__}${ending("-")}").catch(()=>{}))`;

/** What the names of files have in another language than English. */
const ending = (mark: string) => (language() === "en" ? "" : mark + language());

/** What programs read that show a preview of a link. They run no scripts, so a page's own scripts need not carry it. */
const forPreviews = () => [
	{ property: "og:site_name", content: t("site_name") },
	{ property: "og:type", content: "website" },
	{ property: "og:image", content: `${ownOrigin()}/icons/share.png` },
	{ property: "og:image:width", content: "1200" },
	{ property: "og:image:height", content: "630" },
	{ property: "og:image:alt", content: t("site_name") },
	{ name: "twitter:card", content: "summary_large_image" },
];

export const Route = createRootRouteWithContext<RouterContext>()({
	head: () => ({
		meta: [
			{ charSet: "utf-8" },
			{ name: "viewport", content: "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" },
			{ name: "color-scheme", content: "light dark" },
			...pageMeta(t("site_name"), t("site_description")),
			...(import.meta.env.SSR ? forPreviews() : []),
		],
		links: [
			{ rel: "stylesheet", href: styles },
			{ rel: "icon", type: "image/svg+xml", href: "/favicon.svg" },
			{ rel: "apple-touch-icon", href: "/icons/apple-touch-icon.png" },
			{ rel: "manifest", href: `/manifest${ending(".")}.webmanifest` },
		],
		// They have run when the page's own scripts load, which need not carry them.
		scripts: import.meta.env.SSR
			? [
					{ children: `${foldScript};${firstPaintScript};${zoneScript()}` },
					...(import.meta.env.DEV ? [] : [{ children: serviceWorkerScript() }]),
				]
			: [],
	}),
	component: () => (
		<html lang={language()} data-zone={servedZone() ?? ""} suppressHydrationWarning>
			<head>
				<HeadContent />
				{/* HeadContent keeps one of several with the same name. The colors are those of `--color-paper`. */}
				<meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf7" />
				<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#161513" />
			</head>
			<body>
				<Outlet />
				<Scripts />
			</body>
		</html>
	),
});
