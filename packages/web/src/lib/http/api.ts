import type { z } from "zod";
import zodInGerman from "zod/v4/locales/de.js";
import { ConfigError } from "../../config.ts";
import { isDatabaseFailure } from "../../db/failure.ts";
import { logFailedRequest } from "../../log.ts";
import { language } from "../../text/reader.ts";
import { t } from "../../text/text.ts";
import { LEDGER_NOT_READY, ProblemError, problemResponse, refuse } from "./problem.ts";

type Verb = "GET" | "POST" | "PATCH" | "DELETE";
type Handler = (context: { request: Request; params: Record<string, string | undefined> }) => Response | Promise<Response>;

/**
 * The handlers of an API route. Other verbs get 405 (Start would answer with a page), errors become problem+json, and no cache stores the response.
 * Requests from other sites' pages are refused earlier (wall.ts).
 */
export function api(verbs: Partial<Record<Verb, Handler>>): { ANY: Handler } {
	return apiForAnyVerb((context) => byVerb(verbs, context));
}

/** Like `api`, with one handler for every verb. */
export function apiForAnyVerb(handler: Handler): { ANY: Handler } {
	return {
		ANY: async (context) => {
			const response = await answer(handler, context);
			const open = new Response(response.body, response);
			open.headers.set("cache-control", "private, no-store");
			open.headers.set("x-content-type-options", "nosniff");
			return open;
		},
	};
}

async function byVerb(verbs: Partial<Record<Verb, Handler>>, context: Parameters<Handler>[0]): Promise<Response> {
	const method = context.request.method === "HEAD" ? "GET" : context.request.method;
	const handler = Object.hasOwn(verbs, method) ? verbs[method as Verb] : undefined;
	if (!handler) {
		const allow = Object.keys(verbs).join(", ");
		refuse("method-not-allowed", t("problem_answers_to", { allow }), { allow });
	}
	return handler(context);
}

async function answer(handler: Handler, context: Parameters<Handler>[0]): Promise<Response> {
	try {
		return await handler(context);
	} catch (error) {
		const requestId = crypto.randomUUID();
		return problemOf(error instanceof ProblemError ? error : faultOf(context.request, error, requestId), requestId);
	}
}

/** What a client learns about a fault of ours. The cause is logged under an id that the client may quote; pages find it in the message. */
export function faultOf(request: Request, error: unknown, requestId: string): ProblemError {
	logFailedRequest(request, error, requestId);
	const problem = problemOfFault(error);
	problem.message += ` (reference ${requestId})`;
	return problem;
}

function problemOfFault(error: unknown): ProblemError {
	if (error instanceof ConfigError) return new ProblemError("not-configured", t("problem_not_set_up"), {});
	if (error instanceof Error && error.message === LEDGER_NOT_READY)
		return new ProblemError("ledger-not-ready", t("problem_ledger_not_ready"), {
			"retry-after": "10",
		});
	if (!isDatabaseFailure(error)) return new ProblemError("internal-error", t("problem_failed_here"), {});
	return new ProblemError("database-unavailable", t("problem_database"), { "retry-after": "5" });
}

function problemOf({ code, detail, headers, outcome }: ProblemError, requestId: string): Response {
	return problemResponse(code, { detail, requestId, ...(outcome ? { outcome } : {}) }, headers);
}

/**
 * Reads a JSON body and validates it against a schema.
 * @throws {ProblemError} 400 if the body is not JSON or invalid, 413 if it is too large
 */
export async function readBody<T extends z.ZodType>(request: Request, schema: T, bytesMax?: number): Promise<z.output<T>> {
	const parsed = schema.safeParse(await readJson(request, bytesMax), faultTexts());
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	return parsed.data;
}

/** zod's messages in the reader's language. */
const faultTexts = (): { error?: ReturnType<typeof zodInGerman>["localeError"] } =>
	language() === "de" ? { error: zodInGerman().localeError } : {};

/** Describes what is wrong with a body, using the client's own field names. */
export function describe(error: z.ZodError): string {
	return error.issues
		.slice(0, 3)
		.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`)
		.join("; ");
}

/**
 * Reads a JSON body of at most `bytesMax` bytes.
 * @throws {ProblemError} 400 if it is not JSON, 413 if it is too large
 */
export async function readJson(request: Request, bytesMax = 64 * 1024): Promise<unknown> {
	const text = await readText(request, bytesMax);
	try {
		return JSON.parse(text);
	} catch {
		refuse("invalid-json", t("problem_invalid_json"));
	}
}

/**
 * Reads a text body of at most `bytesMax` bytes. Keeps a byte order mark, because webhook signatures cover it.
 * @throws {ProblemError} 400 if it breaks off or its chunks are malformed, 413 if it is too large
 */
export async function readText(request: Request, bytesMax: number): Promise<string> {
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	let text = "";
	for await (const chunk of chunksOf(request, bytesMax)) text += decoder.decode(chunk, { stream: true });
	return text + decoder.decode();
}

/**
 * Reads a body of at most `bytesMax` bytes.
 * @throws {ProblemError} 400 if it breaks off or its chunks are malformed, 413 if it is too large
 */
export async function readBytes(request: Request, bytesMax: number, tooLarge?: () => never): Promise<Uint8Array<ArrayBuffer>> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of chunksOf(request, bytesMax, tooLarge)) chunks.push(chunk);
	return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

async function* chunksOf(
	request: Request,
	bytesMax: number,
	tooLarge: () => never = () => refuse("body-too-large", t("problem_body_max", { max: String(bytesMax) })),
): AsyncGenerator<Uint8Array, void> {
	if (Number(request.headers.get("content-length") ?? 0) > bytesMax) tooLarge();
	if (!request.body) return;
	// Content-Length may be absent or wrong, so the bytes read are counted. The rest of a refused body stays readable: drainBody discards it.
	let bytes = 0;
	const reader = request.body.getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read().catch(refuseBrokenBody);
			if (done) return;
			bytes += value.byteLength;
			if (bytes > bytesMax) tooLarge();
			yield value;
		}
	} finally {
		reader.releaseLock();
	}
}

function refuseBrokenBody(): never {
	refuse("invalid-request", t("problem_body_broken"));
}
