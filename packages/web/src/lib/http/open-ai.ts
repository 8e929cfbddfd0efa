import type { Problem } from "../../view/problem.ts";
import { codeOf } from "./problem.ts";

const TYPES: Record<number, string> = { 401: "authentication_error", 403: "permission_error", 429: "rate_limit_error" };
/** Error codes known to OpenAI clients. */
const CODES: Record<string, string> = {
	unauthorized: "invalid_api_key",
	"unknown-model": "model_not_found",
	"message-too-long": "context_length_exceeded",
	"usage-limit-reached": "insufficient_quota",
	"too-many-requests-at-once": "rate_limit_exceeded",
};

/** An error in OpenAI's format. */
export function errorOf(status: number, code: string, message: string) {
	const type = TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error");
	const param = type === "invalid_request_error" ? (/^([a-z_]+(?:\.\w+)*): /.exec(message)?.[1] ?? null) : null;
	return { error: { message, type, param, code: CODES[code] ?? code.replaceAll("-", "_") } };
}

export const isOfApi = (request: Request): boolean => new URL(request.url).pathname.startsWith("/v1/");

/** Converts a problem for API clients: the same status and fields, in OpenAI's error format. Any other response is unchanged. */
export async function inOpenAiForm(response: Response): Promise<Response> {
	if (response.headers.get("content-type") !== "application/problem+json") return response;
	const { type, status, detail, limit, remaining, resetAt, requestId } = (await response.json()) as Problem;
	const headers = new Headers(response.headers);
	headers.set("content-type", "application/json");
	headers.delete("content-length");
	if (requestId) headers.set("x-request-id", requestId);
	const code = codeOf(type);
	// OpenAI's client retries a 429, which is useless once the limit is used up.
	if (code === "usage-limit-reached") headers.set("x-should-retry", "false");
	if (limit !== undefined && remaining !== undefined) {
		headers.set("x-ratelimit-limit-requests", String(limit));
		headers.set("x-ratelimit-remaining-requests", String(remaining));
	}
	const seconds = headers.get("retry-after");
	if (resetAt && seconds) headers.set("x-ratelimit-reset-requests", `${seconds}s`);
	return Response.json(errorOf(status, code, detail), { status: code === "unknown-model" ? 404 : status, headers });
}
