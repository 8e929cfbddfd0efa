import { useEffect } from "react";
import { PROOF_HEADER, type ProofWay } from "../../proof-ways.ts";
import type { Viewer } from "../../view/identity.ts";
import { keepDraft } from "../chat/draft.ts";
import { hearTabs } from "../tabs.ts";

/*
 * A page belongs to one viewer for as long as it is loaded. Its requests say so, and when the viewer has changed, which the server notices or another
 * tab announces, the page loads again: nothing of one viewer stays on a page of another.
 */

const HEADER = "parley-viewer";
/** Where messages are sent to. */
const SEND = "/api/chat/ai";
/** A page that is to be left waits at most this long for the answer to a message. */
const ANSWER_AWAITED_MS = 3_000;
/** In a tab's storage: the tag of the user whose drafts it holds, the page that a user's tab was sent away from, and a message written there. */
const OWNER = "parley:viewer";
const LEFT = "parley:left";
const CARRIED = "parley:carried";

let pageViewer: Viewer | undefined;
/** The page that this tab was sent away from before this one, as long as that is said here. */
let leftBefore: string | null = null;
/** Resolves when the last message that was sent has its answer. */
let messageAnswered: Promise<unknown> = Promise.resolve();

/** Shows a dialog that asks the viewer for a proof. Set from outside, because what it shows sends requests itself. */
let askForProof: (ways: ProofWay[]) => Promise<boolean> = async () => false;

/** Says how the viewer is asked to prove that it is still them. @param ask resolves to whether they did */
export function askForProofsBy(ask: typeof askForProof): void {
	askForProof = ask;
}

const isUsers = (tag: string | null | undefined) => tag?.startsWith("user.") ?? false;

/** Storage may be disabled. A page then loads again without saying why. */
function attempt<T>(use: () => T): T | undefined {
	try {
		return use();
	} catch {
		return;
	}
}

/**
 * `fetch` that names the page's viewer, and leaves the page when the server says that it belongs to someone else. Where the server asks for a proof that
 * it is still the viewer, so does the page; the request is then sent again.
 */
export const fetchAsViewer: typeof fetch = async (input, init) => {
	if (!pageViewer?.tag) return fetch(input, init);
	const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
	headers.set(HEADER, pageViewer.tag);
	const request = fetch(input, { ...init, headers });
	if (input === SEND) messageAnswered = request.catch(() => undefined);
	const response = await request;
	if (response.headers.has(HEADER)) {
		// Leaving ends requests, and only its own answer tells whose message it is: refused, it is carried to the page that follows.
		await Promise.race([messageAnswered, new Promise((resolve) => setTimeout(resolve, ANSWER_AWAITED_MS))]);
		leavePage();
	}
	const ways = response.headers.get(PROOF_HEADER);
	if (ways === null || typeof input !== "string") return response;
	return (await askForProof(ways.split(",") as ProofWay[])) ? fetchAsViewer(input, init) : response;
};

/** `fetchAsViewer` for server functions. It never returns on a page that is being left, which would otherwise show an error for a moment. */
export const fetchFunction: typeof fetch = async (input, init) => {
	const response = await fetchAsViewer(input, init);
	return response.headers.has(HEADER) ? new Promise<never>(() => {}) : response;
};

/** Loads the page again for the viewer of today. A user's chat belongs to nobody else, so a new chat takes its place. */
function leavePage(): void {
	const { pathname, search } = location;
	const isTheirs = isUsers(pageViewer?.tag);
	// Two tabs that sign out at once begin as two guests, of whom one remains: the other's page loads once more, and still has to say why.
	const left = isTheirs ? pathname + search : leftBefore;
	if (left !== null) attempt(() => sessionStorage.setItem(LEFT, left));
	if (isTheirs && pathname.startsWith("/c/")) location.replace("/");
	else location.reload();
}

/** Makes this page its viewer's, until it is left. Call it before anything reads the tab's drafts. */
export function usePageViewer(viewer: Viewer): void {
	if (typeof document !== "undefined") claimPage(viewer);
	useEffect(followViewer, []);
}

/** Makes this page a viewer's. Only the first call counts. */
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
	// A page that comes back from the browser's memory may be older than a sign-out.
	const onShow = ({ persisted }: PageTransitionEvent) => {
		if (persisted) void fetchAsViewer("/api/usage").catch(() => undefined);
	};
	addEventListener("pageshow", onShow);
	return () => {
		endHearing();
		removeEventListener("pageshow", onShow);
	};
}

/** Clears what another user wrote in this tab. A guest's drafts come along when they sign in, and a user's wait until they are back. */
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

/** Keeps a message that was refused because the page belongs to someone else: whoever is here has just written it. */
export function carryMessage(text: string): void {
	attempt(() => sessionStorage.setItem(CARRIED, text));
}

/** The page that this tab was sent away from when its viewer changed, or null. A page that is loaded anew does not say it again. */
export function takeLeftPage(): string | null {
	leftBefore =
		attempt(() => {
			const left = sessionStorage.getItem(LEFT);
			sessionStorage.removeItem(LEFT);
			return left;
		}) ?? leftBefore;
	return leftBefore;
}

/** Call it when the viewer has read why the page has changed. */
export function forgetLeftPage(): void {
	leftBefore = null;
}
