/**
 * The result of a call to better-auth. `refused`: better-auth decided, and `code` is its error code. `failed`: the request did not get that
 * far. `text` is a sentence for the viewer that fits any reason.
 */
type AuthResult = { kind: "done" } | { kind: "refused" | "failed"; code: string; text: string };

/** Posts to better-auth's HTTP API. Used in place of its browser client, which is larger than the pages that would load it. Never throws. */
export async function postToAuth(path: string, body: object): Promise<AuthResult> {
	let response: Response;
	try {
		response = await fetch(`/api/auth/${path}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
	} catch {
		return { kind: "failed", code: "", text: "The server could not be reached. Look at your connection and try again." };
	}
	if (response.ok) return { kind: "done" };
	const refusal: unknown = await response.json().catch(() => null);
	const code = textIn(refusal, "code") ?? "";
	if (response.status === 429) return tooOften(refusal, code);
	const text = "That did not work, and it was not your doing. Please try again in a moment.";
	return { kind: response.status < 500 ? "refused" : "failed", code, text };
}

/** Our own bounds say in `detail`, or with a code in `message`, when to try again. better-auth's only say that it was too often. */
function tooOften(refusal: unknown, code: string): AuthResult {
	const own = textIn(refusal, "detail") ?? (code ? textIn(refusal, "message") : undefined);
	if (own) return { kind: "refused", code, text: own };
	return { kind: "failed", code, text: "That was tried too often. Wait a minute and try again." };
}

function textIn(answer: unknown, field: string): string | undefined {
	if (typeof answer !== "object" || answer === null) return undefined;
	const value: unknown = Reflect.get(answer, field);
	return typeof value === "string" ? value : undefined;
}
