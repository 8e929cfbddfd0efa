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

export function returnPath(bought: "plan" | "top-up"): string {
	const query = `?upgraded=${bought === "plan" ? "1" : "top-up"}`;
	try {
		return (sessionStorage.getItem(key) ?? "/") + query;
	} catch {
		return `/${query}`;
	}
}
