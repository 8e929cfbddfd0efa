/** What better-auth answers: its body, or why not, in its own word (`code`) and in a sentence that fits any reason. */
export type IdentityAnswer = { kind: "done"; body: unknown } | { kind: "refused"; code: string; text: string };

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
		return { kind: "refused", code: "", text: "The server could not be reached. Look at your connection and try again." };
	}
	const told: unknown = await response.json().catch(() => null);
	if (response.ok) return { kind: "done", body: told };
	const code = typeof told === "object" && told !== null && "code" in told ? String(told.code) : "";
	if (response.status === 429) return { kind: "refused", code: "", text: "That was tried too often. Wait a minute and try again." };
	return { kind: "refused", code, text: "That did not work, and it was not your doing. Please try again in a moment." };
}
