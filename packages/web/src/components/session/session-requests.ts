/** The few calls of better-auth that the pages make. Its browser client weighs more than the pages that would load it. */
export type SignProblem = { field: "name" | "email" | "password" | "form"; text: string };

const sentences: Record<string, SignProblem> = {
	INVALID_EMAIL_OR_PASSWORD: { field: "password", text: "This email and password do not belong together." },
	USER_ALREADY_EXISTS: { field: "email", text: "There is an account with this email already. Sign in instead." },
	USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: { field: "email", text: "There is an account with this email already. Sign in instead." },
	INVALID_EMAIL: { field: "email", text: "This does not look like an email address." },
	PASSWORD_TOO_SHORT: { field: "password", text: "Please use at least 8 characters." },
	PASSWORD_TOO_LONG: { field: "password", text: "Please use at most 128 characters." },
};

export async function signIn(input: { email: string; password: string }): Promise<SignProblem | undefined> {
	return await post("sign-in/email", input);
}

export async function signUp(input: {
	name: string;
	email: string;
	password: string;
	callbackURL: string;
}): Promise<SignProblem | undefined> {
	return await post("sign-up/email", input);
}

export async function sendConfirmation(email: string): Promise<SignProblem | undefined> {
	return await post("send-verification-email", { email, callbackURL: "/" });
}

/** Ends the session and loads the page anew, so that nothing of this reader stays in memory or in the tab's storage. */
export async function signOut(): Promise<SignProblem | undefined> {
	const problem = await post("sign-out", {});
	if (problem) return problem;
	sessionStorage.clear();
	location.assign("/");
}

async function post(path: string, body: object): Promise<SignProblem | undefined> {
	let response: Response;
	try {
		response = await fetch(`/api/auth/${path}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
	} catch {
		return { field: "form", text: "The server could not be reached. Look at your connection and try again." };
	}
	if (response.ok) return;
	const told: unknown = await response.json().catch(() => null);
	const code = typeof told === "object" && told !== null && "code" in told ? String(told.code) : "";
	if (response.status === 429) return { field: "form", text: "That was tried too often. Wait a minute and try again." };
	return sentences[code] ?? { field: "form", text: "That did not work, and it was not your doing. Please try again in a moment." };
}
