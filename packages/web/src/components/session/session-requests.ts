import { askIdentity } from "./ask-identity.ts";

/** The few calls of better-auth that every page makes. */
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

/** `callbackURL`: where the link leads to when the address is confirmed. */
export async function sendConfirmation(email: string, callbackURL = "/"): Promise<SignProblem | undefined> {
	return await post("send-verification-email", { email, callbackURL });
}

/** Ends the session and loads the page anew, so that nothing of this reader stays in memory or in the tab's storage. */
export async function signOut(next = "/"): Promise<SignProblem | undefined> {
	const problem = await post("sign-out", {});
	if (problem) return problem;
	sessionStorage.clear();
	location.assign(next);
}

async function post(path: string, body: object): Promise<SignProblem | undefined> {
	const answer = await askIdentity(path, body);
	if (answer.kind === "done") return;
	return sentences[answer.code] ?? { field: "form", text: answer.text };
}
