import { fetchAsViewer } from "./page-viewer.ts";

/**
 * The result of a call to better-auth. `refused`: better-auth decided, and `code` is its error code. `failed`: the request did not get that
 * far. `text` is a sentence for the viewer that fits any reason.
 */
type AuthResult = { kind: "done" } | { kind: "refused" | "failed"; code: string; text: string };

/** Posts to better-auth's HTTP API. Used in place of its browser client, which is larger than the pages that would load it. Never throws. */
export async function postToAuth(path: string, body: object): Promise<AuthResult> {
	// Whoever signs in may be someone else than the page's viewer.
	const send = /^sign-(in|up)\//.test(path) ? fetch : fetchAsViewer;
	let response: Response;
	try {
		response = await send(`/api/auth/${path}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
	} catch {
		return { kind: "failed", code: "", text: "The server could not be reached. Look at your connection and try again." };
	}
	if (response.ok) return { kind: "done" };
	if (response.status === 429) return { kind: "failed", code: "", text: "That was tried too often. Wait a minute and try again." };
	const refusal: unknown = await response.json().catch(() => null);
	const code = typeof refusal === "object" && refusal !== null && "code" in refusal ? String(refusal.code) : "";
	const text = "That did not work, and it was not your doing. Please try again in a moment.";
	return { kind: response.status < 500 ? "refused" : "failed", code, text };
}
