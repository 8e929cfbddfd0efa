import { useEffect } from "react";
import { PROOF_HEADER, type ProofWay } from "../../proof-ways.ts";
import type { Viewer } from "../../view/identity.ts";
import { keepDraft } from "../chat/draft.ts";
import { hearTabs } from "../tabs.ts";

/*
 * A loaded page belongs to one viewer, whom its requests name. When the viewer has changed, which the server detects or another tab announces, the
 * page reloads, so that no viewer's data stay on another's page.
 */

const HEADER = "parley-viewer";
/** The route that messages are sent to. */
const SEND = "/api/chat/ai";
/** The longest time that a page waits for a message's answer before it is left. */
const ANSWER_AWAITED_MS = 3_000;
/** Session storage keys: the tag of the user whose drafts it holds, the page that a user's tab was sent away from, and a message written there. */
const OWNER = "parley:viewer";
const LEFT = "parley:left";
const CARRIED = "parley:carried";

let pageViewer: Viewer | undefined;
/** The page that this tab was sent away from before this one, while the notice about that is shown. */
let leftBefore: string | null = null;
/** Resolves when the last sent message has its answer. */
let messageAnswered: Promise<unknown> = Promise.resolve();

/** Shows a dialog that requires a proof of identity. Injected, because the dialog itself sends requests. */
let askForProof: (ways: ProofWay[]) => Promise<boolean> = async () => false;

/** Sets how the viewer proves their identity. @param ask resolves to whether they did */
export function askForProofsBy(ask: typeof askForProof): void {
	askForProof = ask;
}

const isUsers = (tag: string | null | undefined) => tag?.startsWith("user.") ?? false;

/** Storage may be disabled. A page then reloads without giving a reason. */
function attempt<T>(use: () => T): T | undefined {
	try {
		return use();
	} catch {
		return;
	}
}

/**
 * `fetch` that names the page's viewer, and leaves the page if the server says that it belongs to someone else. If the server requires a proof of
 * identity, shows the dialog and sends the request again.
 */
export const fetchAsViewer: typeof fetch = async (input, init) => {
	if (!pageViewer?.tag) return fetch(input, init);
	const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
	headers.set(HEADER, pageViewer.tag);
	const request = fetch(input, { ...init, headers });
	if (input === SEND) messageAnswered = request.catch(() => undefined);
	const response = await request;
	if (response.headers.has(HEADER)) {
		// Leaving aborts requests, and only a message's own response tells whether it was refused and has to be carried to the next page.
		await Promise.race([messageAnswered, new Promise((resolve) => setTimeout(resolve, ANSWER_AWAITED_MS))]);
		leavePage();
	}
	const ways = response.headers.get(PROOF_HEADER);
	if (ways === null || typeof input !== "string") return response;
	return (await askForProof(ways.split(",") as ProofWay[])) ? fetchAsViewer(input, init) : response;
};

/** `fetchAsViewer` for server functions. Never resolves on a page being left, which would otherwise show an error for a moment. */
export const fetchFunction: typeof fetch = async (input, init) => {
	const response = await fetchAsViewer(input, init);
	return response.headers.has(HEADER) ? new Promise<never>(() => {}) : response;
};

/** Reloads the page for the current viewer. A user's chat is private, so a new chat replaces it. */
function leavePage(): void {
	const { pathname, search } = location;
	const isTheirs = isUsers(pageViewer?.tag);
	// Two tabs that sign out at once start as two guests, of whom one remains. The other's page reloads once more, and still has to give the reason.
	const left = isTheirs ? pathname + search : leftBefore;
	if (left !== null) attempt(() => sessionStorage.setItem(LEFT, left));
	if (isTheirs && pathname.startsWith("/c/")) location.replace("/");
	else location.reload();
}

/** Claims this page for its viewer until it is left. Call it before anything reads the tab's drafts. */
export function usePageViewer(viewer: Viewer): void {
	if (typeof document !== "undefined") claimPage(viewer);
	useEffect(followViewer, []);
}

/** Claims this page for a viewer. Only the first call counts. */
export function claimPage(viewer: Viewer): void {
	if (pageViewer !== undefined) return;
	pageViewer = viewer;
	attempt(() => claimDrafts(viewer.tag));
}

/** Leaves the page when another tab signs in or out. Returns a function that stops it. */
export function followViewer(): () => void {
	const endHearing = hearTabs("viewer", (change) => {
		if (change === "signed-out" && isUsers(pageViewer?.tag)) attempt(() => sessionStorage.clear());
		leavePage();
	});
	// A page restored from the back/forward cache may be older than a sign-out.
	const onShow = ({ persisted }: PageTransitionEvent) => {
		if (persisted) void fetchAsViewer("/api/usage").catch(() => undefined);
	};
	addEventListener("pageshow", onShow);
	return () => {
		endHearing();
		removeEventListener("pageshow", onShow);
	};
}

/** Clears another user's drafts in this tab. A guest's drafts move along when they sign in, and a user's wait until they return. */
function claimDrafts(tag: string | undefined): void {
	if (!tag || !isUsers(tag)) return;
	const [owner, left, carried] = [OWNER, LEFT, CARRIED].map((item) => sessionStorage.getItem(item));
	sessionStorage.removeItem(CARRIED);
	if (owner === tag) sessionStorage.removeItem(LEFT);
	else if (owner) {
		sessionStorage.clear();
		if (left) sessionStorage.setItem(LEFT, left);
		if (carried) keepDraft("new", carried);
	}
	sessionStorage.setItem(OWNER, tag);
}

/** Keeps a message refused because the page belongs to someone else: the current viewer has just written it. */
export function carryMessage(text: string): void {
	attempt(() => sessionStorage.setItem(CARRIED, text));
}

/** The page that this tab was sent away from when its viewer changed, or null. Not reported again after a reload. */
export function takeLeftPage(): string | null {
	leftBefore =
		attempt(() => {
			const left = sessionStorage.getItem(LEFT);
			sessionStorage.removeItem(LEFT);
			return left;
		}) ?? leftBefore;
	return leftBefore;
}

/** Call it when the viewer has read why the page changed. */
export function forgetLeftPage(): void {
	leftBefore = null;
}
