import { t } from "../../text/text.ts";
import type { Problem } from "../../view/problem.ts";
import { fetchAsViewer } from "./page-viewer.ts";

/**
 * The result of a call to better-auth. `refused`: better-auth decided, and `code` is its error code. `failed`: the request did not get that far.
 * `text` tells the viewer what the server rejected. `siteKey`: a Turnstile check has to be solved first.
 */
export type AuthResult<Answer = unknown> = { kind: "done"; answer: Answer } | AuthFailure;
export type AuthFailure = { kind: "refused" | "failed"; code: string; text: string; siteKey?: string | undefined };

/** Sign-in and sign-up routes, where the sender may differ from the page's viewer. */
const WAY_IN = /^(sign-(in|up)\/|confirm-email$|mail\/(send|code|link|password)$|second-factor$|passkey\/challenge$)/;

/** Posts to better-auth's HTTP API. Replaces its browser client, which is larger than the pages that would load it. Never throws. */
export async function postToAuth<Answer>(path: string, body: object, headers: Record<string, string> = {}): Promise<AuthResult<Answer>> {
	const send = WAY_IN.test(path) ? fetch : fetchAsViewer;
	let response: Response;
	try {
		response = await send(`/api/auth/${path}`, {
			method: "POST",
			headers: { "content-type": "application/json", ...headers },
			body: JSON.stringify(body),
		});
	} catch {
		return { kind: "failed", code: "", text: t("auth_unreached") };
	}
	if (response.ok) return { kind: "done", answer: (await response.json().catch(() => null)) as Answer };
	if (response.headers.get("content-type") === "application/problem+json") return fromProblem(await response.json());
	const refusal: unknown = await response.json().catch(() => null);
	const code = fieldOf(refusal, "code");
	if (response.status === 429) return tooOften(refusal, code);
	if (response.status >= 500) {
		return { kind: "failed", code, text: t("auth_not_your_doing") };
	}
	return { kind: "refused", code, text: reasonOf(refusal) };
}

const checks = (): Record<string, string> => ({
	email: t("auth_email_refused"),
	name: t("auth_name_refused"),
	password: t("auth_password_refused"),
});

/** The rejected input: our own routes and rules describe it in a message, better-auth names the body's field. */
function reasonOf(refusal: unknown): string {
	const message = fieldOf(refusal, "detail") || fieldOf(refusal, "message");
	if (message === "") return t("auth_refused");
	const field = /^(?:\[body\.(\w+)\]|(\w+): )/.exec(message)?.slice(1).find(Boolean);
	const said = checks();
	const check = field !== undefined && Object.hasOwn(said, field) ? said[field] : undefined;
	return check ?? t("auth_refused_because", { why: message.replace(/\.$/, "") });
}

/** Our own bounds give the retry time in `detail`, or with a code in `message`. better-auth's only report too many attempts. */
function tooOften(refusal: unknown, code: string): AuthFailure {
	const own = fieldOf(refusal, "detail") || (code && fieldOf(refusal, "message"));
	if (own) return { kind: "refused", code, text: own };
	return { kind: "failed", code, text: t("auth_too_often") };
}

function fieldOf(body: unknown, field: "code" | "detail" | "message"): string {
	const value = typeof body === "object" && body !== null ? new Map<string, unknown>(Object.entries(body)).get(field) : undefined;
	return typeof value === "string" ? value : "";
}

/** Our own routes refuse with a problem, whose detail is written for the viewer. */
function fromProblem({ status, detail, siteKey }: Problem): AuthFailure {
	return { kind: status < 500 ? "refused" : "failed", code: "", text: detail, siteKey };
}
