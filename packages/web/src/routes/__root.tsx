import { createRootRouteWithContext, HeadContent, Outlet, Scripts } from "@tanstack/react-router";
import { createIsomorphicFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { firstPaintScript } from "../components/frame/first-paint.ts";
import { foldScript } from "../components/frame/side-column.tsx";
import { zoneScript } from "../components/frame/zone-script.ts";
import { askForProofsBy } from "../components/session/page-viewer.ts";
import styles from "../styles.css?url";
import { language, servedZone } from "../text/reader.ts";
import { t } from "../text/text.ts";
import { pageMeta } from "./-head.ts";

export interface RouterContext {
	/** Chats started in this tab: titles by id. Their pages open without a server request. */
	newChats: Map<string, string>;
}

/** Link previews accept only absolute image URLs. */
const ownOrigin = createIsomorphicFn()
	.server(() => new URL(getRequest().url).origin)
	.client(() => location.origin);

/** Build and language are part of the URL, so that each installs its own worker (public/sw.js). `vite dev` has no hashed assets to keep. */
const serviceWorkerScript = () =>
	`addEventListener("load",()=>navigator.serviceWorker?.register("/sw.js?${__BUILD__}${ending("-")}").catch(()=>{}))`;

/** The file name suffix of a language other than English. */
const ending = (mark: string) => (language() === "en" ? "" : mark + language());

/** Metadata for link previews. Preview bots run no scripts, so the page's own scripts can omit it. */
const forPreviews = () => [
	{ property: "og:site_name", content: t("site_name") },
	{ property: "og:type", content: "website" },
	{ property: "og:image", content: `${ownOrigin()}/icons/share.png` },
	{ property: "og:image:width", content: "1200" },
	{ property: "og:image:height", content: "630" },
	{ property: "og:image:alt", content: t("site_name") },
	{ name: "twitter:card", content: "summary_large_image" },
];

// Loaded on demand, which is rare.
askForProofsBy(async (ways) => {
	const dialog = await import("../components/session/proof-dialog.tsx").catch(() => null);
	return dialog ? dialog.askForProof(ways) : false;
});

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
		// They run before the page's own scripts load, which can therefore omit them.
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
