import { redirect } from "@tanstack/react-router";
import { setResponseHeader, setResponseStatus } from "@tanstack/react-start/server";
import type { z } from "zod";
import { t } from "../../text/text.ts";
import { describe, faultOf, readText } from "./api.ts";
import { ProblemError, problemResponse, refuse } from "./problem.ts";
import { isFunctionCall } from "./wall.ts";

/*
 * Server functions called by a browser. Start answers every failure with 500 and the error's text. Here a malformed call is a 400, and a problem
 * keeps its status.
 */

const BODY_BYTES_MAX = 64 * 1024;

/** Calls with a valid payload, whose function has started. */
const begun = new WeakSet<Request>();

/**
 * Reads the body of a server function call; returns any other request unchanged.
 * @throws {ProblemError} 400 for a payload that is not JSON, 413 for more than 64 KiB
 */
export async function readCall(request: Request): Promise<Request> {
	if (!isFunctionCall(request)) return request;
	if (request.method !== "POST") {
		assertJson(new URL(request.url).searchParams.get("payload") ?? "null");
		return request;
	}
	// Start also accepts forms, which other sites could post and none of our functions takes.
	if (!request.headers.get("content-type")?.includes("application/json")) refuse("invalid-request", t("problem_payload_json"));
	const body = await readText(request, BODY_BYTES_MAX);
	assertJson(body);
	const { method, headers, signal } = request;
	return new Request(request.url, { method, headers, body, signal });
}

function assertJson(text: string): void {
	try {
		JSON.parse(text);
	} catch {
		refuse("invalid-json", t("problem_call_json"));
	}
}

/** Answers a call that Start could not read: an unknown function, or JSON that is not a payload. `next` runs the function. */
export async function answerCall<T extends { response: Response }>(request: Request, next: () => Promise<T>): Promise<T | Response> {
	try {
		const result = await next();
		if (begun.has(request) || result.response.status < 500) return result;
		return problemResponse("invalid-request", { detail: t("problem_call_malformed") });
	} catch (error) {
		if (begun.has(request)) throw error;
		return problemResponse("not-found", { detail: t("problem_no_such_function") });
	}
}

/** Runs a server function for a browser or a page. Errors keep their status and headers in both. */
export async function runFunction<T>(request: Request, next: () => Promise<T>): Promise<T> {
	begun.add(request);
	try {
		return await next();
	} catch (error) {
		// Redirects and "not found" belong to Start.
		if (!(error instanceof Error)) throw error;
		const problem = error instanceof ProblemError ? error : faultOf(request, error, crypto.randomUUID());
		// Signing in to an account that is being deleted leads to one page, whichever was requested.
		if (problem.code === "account-is-being-deleted") throw redirect({ to: "/leaving" });
		// Start would answer a browser with 200 and the error inside, and a page with 500.
		setResponseStatus(problem.status);
		for (const [name, value] of new Headers(problem.headers)) setResponseHeader(name, value);
		throw problem;
	}
}

/** A server function's validator, whose schema errors become problems. */
export function input<T extends z.ZodType>(schema: T): (data: z.input<T>) => z.output<T> {
	return (data) => {
		const parsed = schema.safeParse(data);
		return parsed.success ? parsed.data : refuse("invalid-request", describe(parsed.error));
	};
}
