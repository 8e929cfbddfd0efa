import { createHash } from "node:crypto";
import type { Effort } from "@parley/metering";

/** The settings of a call, besides its messages. */
export interface CallTerms {
	effort: Effort | null;
	/** Tokens, reasoning included. */
	maxOutput: number;
	/** Identifies the user to the provider without revealing who it is. */
	subjectHash: string;
	requestId: string;
}

/** A stable pseudonym of a subject. Providers request one to identify abusers. */
export const hashOfSubject = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 32);

const OF_OPENAI = /(?:^|\.)(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/;
const OF_AZURE = /\.azure\.com$/;
const GATEWAY = "gateway.ai.cloudflare.com";

/**
 * The name of the output cap field. OpenAI's reasoning models refuse `max_tokens`, and other providers know no other name. So the host decides:
 * OpenAI and Azure, directly or behind Cloudflare's gateway, get `max_completion_tokens`.
 */
export function capField(baseUrl: string, model: string): "max_tokens" | "max_completion_tokens" {
	const { hostname, pathname } = new URL(baseUrl);
	const isBehind = hostname === GATEWAY && (/\/(?:openai|azure-openai)(?:\/|$)/.test(pathname) || model.startsWith("openai/"));
	return isBehind || OF_OPENAI.test(hostname) ? "max_completion_tokens" : "max_tokens";
}

/** Completes the SDK's body: the cap in the field the provider knows, the effort, and the user's pseudonym. */
export function bodyOf(
	body: Record<string, unknown>,
	baseUrl: string,
	{ effort, maxOutput, subjectHash }: CallTerms,
): Record<string, unknown> {
	const { max_tokens: _, ...rest } = body;
	const cap = { [capField(baseUrl, String(body.model))]: maxOutput };
	return { ...rest, ...cap, ...(effort !== null && { reasoning_effort: effort }), safety_identifier: subjectHash };
}

/** Headers besides the standard key. Azure uses its own key header, and Cloudflare's gateway stores a call's metadata. */
export function headersOf(baseUrl: string, apiKey: string | undefined, { subjectHash, requestId }: CallTerms): Record<string, string> {
	const { hostname } = new URL(baseUrl);
	const isAzure = OF_AZURE.test(hostname);
	return {
		...(apiKey && (isAzure ? { "api-key": apiKey } : { authorization: `Bearer ${apiKey}` })),
		...(hostname === GATEWAY && { "cf-aig-metadata": JSON.stringify({ subject: subjectHash, request: requestId }) }),
	};
}

/** Splits a base URL from its query: `?api-version=…` belongs behind the path of a call. */
export function addressOf(baseUrl: string): { baseURL: string; queryParams: Record<string, string> } {
	const url = new URL(baseUrl);
	const queryParams = Object.fromEntries(url.searchParams);
	url.search = "";
	url.hash = "";
	return { baseURL: url.href.replace(/\/+$/, ""), queryParams };
}
