const key = "parley:last-chat";

/** The chat that the reader came from, so that a checkout leads back to it and to the draft that waits there. */
export function keepReturnPath(path: string): void {
	// The chat still stands while the router is on its way to the page that sells.
	if (path !== "/" && !path.startsWith("/c/")) return;
	try {
		sessionStorage.setItem(key, path);
	} catch {
		// Without storage a checkout leads to a new chat.
	}
}

export function keptPath(): string | undefined {
	try {
		return sessionStorage.getItem(key) ?? undefined;
	} catch {
		return;
	}
}

export const returnPath = (bought: "plan" | "top-up"): string => `${keptPath() ?? "/"}?upgraded=${bought}`;
