const key = "parley:last-chat";

/** Remembers the chat that the viewer came from, so that a checkout returns to it and its draft. Other pages are ignored. */
export function keepReturnPath(path: string): void {
	// The chat is still mounted while the router navigates to the pricing page.
	if (path !== "/" && !path.startsWith("/c/")) return;
	try {
		sessionStorage.setItem(key, path);
	} catch {
		// Without storage the checkout returns to a new chat.
	}
}

/** The remembered chat, if any. */
export function keptPath(): string | undefined {
	try {
		return sessionStorage.getItem(key) ?? undefined;
	} catch {
		return;
	}
}

/** The page to return to after buying: the remembered chat, with the purchase in its address. */
export function returnPath(bought: "plan" | "top-up"): string {
	const path = keptPath() ?? "/";
	return `${path}${path.includes("?") ? "&" : "?"}upgraded=${bought}`;
}
