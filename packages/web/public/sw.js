// Keeps two things: the page for being offline, and files of /assets/, whose names change with their content. Pages and answers of the API are never
// kept, so nothing of a viewer stays here, and each page is the server's newest. The page registers this file under a new address in each build.

const SHELL = "parley-shell";
const ASSETS = "parley-assets";
/** Oldest first out. A build has about 100, of which a visit loads 20. */
const ASSETS_MAX = 200;
/** Its address ends with the language of the page that has registered it, where that is not English. */
const OFFLINE = /-de$/.test(location.search) ? "/offline.de" : "/offline";

addEventListener("install", (event) => {
	skipWaiting();
	event.waitUntil(caches.open(SHELL).then((cache) => cache.add(new Request(OFFLINE, { cache: "reload" }))));
});

addEventListener("fetch", (event) => {
	const { method, mode, url } = event.request;
	const { origin, pathname } = new URL(url);
	if (method !== "GET" || origin !== location.origin) return;
	// A return from a payment or a link in a mail goes to the API as the browser sends it.
	if (pathname.startsWith("/api/")) return;
	if (mode === "navigate") event.respondWith(page(event.request));
	else if (pathname.startsWith("/assets/")) event.respondWith(asset(event));
});

async function page(request) {
	try {
		return await fetch(request);
	} catch {
		return (await caches.match(OFFLINE)) ?? Response.error();
	}
}

/** An open page can load its parts after a new version has replaced them. */
async function asset(event) {
	const cache = await caches.open(ASSETS);
	const kept = await cache.match(event.request);
	if (kept) return kept;
	const response = await fetch(event.request);
	if (response.status === 200) event.waitUntil(keep(cache, event.request, response.clone()));
	return response;
}

async function keep(cache, request, response) {
	await cache.put(request, response);
	const all = await cache.keys();
	for (const old of all.slice(0, Math.max(0, all.length - ASSETS_MAX))) await cache.delete(old);
}
