import { twins } from "virtual:twins";
import { createStartHandler, defaultStreamHandler } from "@tanstack/react-start/server";
import { type Config, ConfigError, config } from "./config.ts";
import { deleteEndedRows } from "./db/ended-rows.ts";
import { remindLists } from "./lib/chat/retention.ts";
import { deleteDue } from "./lib/deletion/delete.ts";
import { drainBody } from "./lib/http/drain.ts";
import { inOpenAiForm, isOfApi } from "./lib/http/open-ai.ts";
import { ProblemError, problemResponse } from "./lib/http/problem.ts";
import { nonceOf, withSecurityHeaders } from "./lib/http/security-headers.ts";
import { readCall } from "./lib/http/server-functions.ts";
import { dropStartResponse } from "./lib/http/start-event.ts";
import { assertOwnRedirect, isFunctionCall, refusalOf } from "./lib/http/wall.ts";
import { deliverDue } from "./lib/identity/email/outbox.ts";
import { nameLanguage, readerOf } from "./lib/identity/reader.ts";
import { now } from "./lib/time/clock.ts";
import { loadDevClock } from "./lib/time/dev-clock.ts";
import { guardConsole, logFailedRequest, logNote } from "./log.ts";
import type { Language } from "./text/languages.ts";
import { t } from "./text/text.ts";
import { type Reader, writingFor } from "./text/writing-for.ts";

export { ApiCall } from "./objects/api-call.ts";
export { ChatList } from "./objects/chat-list.ts";
export { Conversation } from "./objects/conversation.ts";
export { ShareList } from "./objects/share-list.ts";
export { SharedChat } from "./objects/shared-chat.ts";
export { UsageLedger } from "./objects/usage-ledger.ts";

// In development errors are shown whole. Also called on each request, because a test environment replaces the console after this module is loaded.
const guard = import.meta.env.DEV ? () => {} : guardConsole;
guard();

/** Start for the pages of one language, which have their own scripts. Each keeps its manifest. */
const startIn = (language: Language) =>
	createStartHandler({
		handler: (page) => {
			// Start logs rendering errors, but not loader errors. Problems are already handled or logged (lib/http/server-functions.ts).
			for (const { status, error } of page.router.state.matches)
				if (status === "error" && !(error instanceof ProblemError)) logFailedRequest(page.request, error);
			return defaultStreamHandler(page);
		},
		transformAssets: ({ url }) => twins[language]?.[url] ?? url,
	});

const starts: Record<Language, ReturnType<typeof startIn>> = { en: startIn("en"), de: startIn("de") };

export default {
	/** Every request to the Worker: API routes, server functions and pages. */
	async fetch(request) {
		guard();
		try {
			const reader = readerOf(request);
			return await writingFor(reader, () => answer(request, reader));
		} finally {
			await drainBody(request);
		}
	},

	/** Run by the cron trigger of wrangler.toml. Objects expire by their own alarms. */
	async scheduled() {
		guard();
		await loadDevClock();
		await deliverDue();
		await deleteEndedRows({ machineMs: Date.now(), usageMs: now() });
		await deleteDue();
		await remindLists();
	},
} satisfies ExportedHandler;

async function answer(request: Request, reader: Reader): Promise<Response> {
	const settings = settingsOrNull();
	let forStart = request;
	let response: Response;
	try {
		const refusal = refusalOf(request, settings?.appOrigin ?? null);
		if (refusal?.status === 421 && settings?.appOrigin === null) noteMissingOrigin();
		forStart = refusal ? request : await readCall(request);
		response = refusal ?? (await starts[reader.language](forStart));
		dropStartResponse(forStart);
		assertOwnRedirect(request, response);
	} catch (error) {
		response = refusalFor(request, error);
	}
	if (isOfApi(request)) response = await inOpenAiForm(response);
	const page = { nonce: nonceOf(forStart), hasTurnstile: Boolean(settings?.turnstile) };
	const secured = withSecurityHeaders(request, response, page);
	if (/^text\/html|\+json/.test(secured.headers.get("content-type") ?? "")) nameLanguage(secured.headers, reader);
	return secured;
}

/** If rethrown, the platform would answer the error without our headers and log its message. */
function refusalFor(request: Request, error: unknown): Response {
	if (error instanceof ProblemError) return problemResponse(error.code, { detail: error.detail }, error.headers);
	// Errors inside a function are caught where it runs (server-functions.ts), so here Start could not read the call.
	if (isFunctionCall(request)) return problemResponse("not-found", { detail: t("problem_no_such_function") });
	const requestId = crypto.randomUUID();
	logFailedRequest(request, error, requestId);
	return problemResponse("internal-error", { detail: t("problem_failed_here"), requestId });
}

let isNoted = false;

/** Once per isolate: a deployment without its origin answers no requests. */
function noteMissingOrigin(): void {
	if (!isNoted) logNote("Configuration: APP_ORIGIN is not set, so every host but this machine is refused");
	isNoted = true;
}

/** The configuration, or null if invalid. Whatever needs it reports the error, and so does /api/health. */
function settingsOrNull(): Config | null {
	try {
		return config();
	} catch (error) {
		if (error instanceof ConfigError) return null;
		throw error;
	}
}
