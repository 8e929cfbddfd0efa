/**
 * What became of a call of better-auth. Not done, it says why in its own word (`code`) and in a sentence that fits any reason; `failed` is
 * whatever happened before it could decide.
 */
type IdentityAnswer = { kind: "done" } | { kind: "refused" | "failed"; code: string; text: string };

/** Its browser client weighs more than the pages that would load it. */
export async function askIdentity(path: string, body: object): Promise<IdentityAnswer> {
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
	if (response.status === 429) return { kind: "failed", code: "", text: "That was tried too often. Wait a minute and try again." };
	const told: unknown = await response.json().catch(() => null);
	const code = typeof told === "object" && told !== null && "code" in told ? String(told.code) : "";
	const text = "That did not work, and it was not your doing. Please try again in a moment.";
	return { kind: response.status < 500 ? "refused" : "failed", code, text };
}
