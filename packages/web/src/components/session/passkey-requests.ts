import { t } from "../../text/text.ts";
import { tellTabs } from "../tabs.ts";
import { postToAuth } from "./auth-request.ts";
import { type SignProblem, toProblem } from "./session-requests.ts";

/* The browser's side of passkeys. It parses and serializes WebAuthn's JSON itself (level 3), so no library is loaded. */

/** Whether this browser can use passkeys. */
export const hasPasskeys = (): boolean => typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Requests a passkey of this site from the device and sends its response to a route. Resolves to a problem, or to undefined on success. */
export async function answerWithPasskey(route: "sign-in/passkey" | "passkey/prove"): Promise<SignProblem | undefined> {
	const asked = await postToAuth<PublicKeyCredentialRequestOptionsJSON>("passkey/challenge", {});
	if (asked.kind !== "done") return toProblem(asked);
	const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.answer);
	const problem = await sendFromDevice(() => navigator.credentials.get({ publicKey }), route);
	if (!problem && route === "sign-in/passkey") tellTabs("viewer", "signed-in");
	return problem;
}

/** Creates a passkey for the viewer on this device. */
export async function addPasskey(): Promise<SignProblem | undefined> {
	const asked = await postToAuth<PublicKeyCredentialCreationOptionsJSON>("passkey/options", {});
	if (asked.kind !== "done") return toProblem(asked);
	const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.answer);
	return await sendFromDevice(() => navigator.credentials.create({ publicKey }), "passkey/add");
}

async function sendFromDevice(ask: () => Promise<Credential | null>, route: string): Promise<SignProblem | undefined> {
	let credential: Credential | null;
	try {
		credential = await ask();
	} catch (error) {
		// The device already has a passkey of this account.
		if (error instanceof DOMException && error.name === "InvalidStateError") return { field: "form", text: t("auth_passkey_here") };
		return { field: "form", text: t("auth_passkey_stopped") };
	}
	if (!(credential instanceof PublicKeyCredential)) return { field: "form", text: t("auth_passkey_stopped") };
	const sent = await postToAuth(route, { answer: credential.toJSON() });
	return sent.kind === "done" ? undefined : toProblem(sent);
}
