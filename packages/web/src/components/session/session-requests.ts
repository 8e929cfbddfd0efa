import { postToAuth } from "./auth-request.ts";
import { announceViewer } from "./page-viewer.ts";

/** Why a form was not accepted, and the field that it concerns. */
export type SignProblem = { field: "name" | "email" | "password" | "form"; text: string };

const sentences: Record<string, SignProblem> = {
	INVALID_EMAIL_OR_PASSWORD: { field: "password", text: "This email and password do not belong together." },
	USER_ALREADY_EXISTS: { field: "email", text: "There is an account with this email already. Sign in instead." },
	USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: { field: "email", text: "There is an account with this email already. Sign in instead." },
	INVALID_EMAIL: { field: "email", text: "This does not look like an email address." },
	PASSWORD_TOO_SHORT: { field: "password", text: "Please use at least 8 characters." },
	PASSWORD_TOO_LONG: { field: "password", text: "Please use at most 128 characters." },
};

/** Signs in. Resolves to a problem, or to undefined when it is done. */
export async function signIn(input: { email: string; password: string }): Promise<SignProblem | undefined> {
	return await enter("sign-in/email", input);
}

/** Creates an account and signs in. `callbackURL` is the page that the confirmation mail links to. */
export async function signUp(input: {
	name: string;
	email: string;
	password: string;
	callbackURL: string;
}): Promise<SignProblem | undefined> {
	return await enter("sign-up/email", input);
}

/** Sends a confirmation mail. `callbackURL` is the page that its link leads to. */
export async function sendConfirmation(email: string, callbackURL = "/"): Promise<SignProblem | undefined> {
	return await post("send-verification-email", { email, callbackURL });
}

/** Ends the session and loads `next`, so that nothing of this viewer stays in memory or in the tab's storage. */
export async function signOut(next = "/"): Promise<SignProblem | undefined> {
	const problem = await post("sign-out", {});
	if (problem) return problem;
	announceViewer("signed-out");
	sessionStorage.clear();
	location.assign(next);
}

async function enter(path: string, body: object): Promise<SignProblem | undefined> {
	const problem = await post(path, body);
	if (!problem) announceViewer("signed-in");
	return problem;
}

async function post(path: string, body: object): Promise<SignProblem | undefined> {
	const result = await postToAuth(path, body);
	if (result.kind === "done") return;
	return sentences[result.code] ?? { field: "form", text: result.text };
}
