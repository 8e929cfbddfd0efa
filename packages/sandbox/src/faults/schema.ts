import { z } from "zod";

const durationMs = z.number().int().min(0);

const apiFault = z.strictObject({
	/** The request's path. `:name` matches one segment, a final `*` any rest. */
	path: z.string().startsWith("/"),
	method: z.string().toUpperCase().optional(),
	/** Answer with this status without doing the work. */
	status: z.number().int().min(400).max(599).optional(),
	/** Headers of that answer, for example retry-after. */
	headers: z.record(z.string(), z.string()).optional(),
	/** Wait before doing anything. */
	delayMs: durationMs.optional(),
	/** Never answer, without doing the work. */
	hang: z.boolean().optional(),
	/** Do the work, then cut the connection instead of answering. */
	dropAfterCommit: z.boolean().optional(),
	/** Do the work, then answer success with the first half of the body. */
	invalidJson: z.boolean().optional(),
	/** Do the work, send status and headers, then nothing more, and keep the connection. */
	stall: z.boolean().optional(),
	/** Send the body at this rate. */
	bodyBytesPerSecond: z.number().int().min(1).optional(),
	/** How many requests it affects; by default all. */
	times: z.number().int().min(1).optional(),
});

/** A model's answer to a call, byte for byte. */
const modelWire = z.strictObject({
	status: z.number().int().min(200).max(599).default(200),
	headers: z.record(z.string(), z.string()).default({ "content-type": "text/event-stream" }),
	/** Wait before the headers. */
	delayMs: durationMs.default(0),
	/** The body, each part sent separately. `times` repeats a text, 200 repetitions per write. */
	parts: z
		.array(
			z.union([
				z.string(),
				z.strictObject({ base64: z.base64() }),
				z.strictObject({ text: z.string(), times: z.number().int().min(1).max(50_000) }),
			]),
		)
		.default([]),
	/** Wait between two parts. */
	gapMs: durationMs.default(1),
	/** How the connection ends: properly, cut off, or only when the client disconnects. */
	end: z.enum(["close", "cut", "stay"]).default("close"),
	/** How many calls it affects; by default all. */
	calls: z.number().int().min(1).optional(),
});

/** Formats of a streamed tool call seen at providers: whole, no index, input as an object, input encoded as JSON twice, legacy field, broken. */
const TOOL_CALL_FORMS = ["pieces", "whole", "no-index", "object", "twice", "function-call", "broken"] as const;

/** The body of `POST /__sandbox/faults`. */
export const faultsSchema = z.strictObject({
	api: z.array(apiFault).optional(),
	model: z
		.strictObject({
			firstTokenMs: durationMs.optional(),
			chunks: z.number().int().min(0).max(10_000).optional(),
			chunkMs: durationMs.optional(),
			/** true means 500, a number that status. */
			failBeforeOutput: z.union([z.boolean(), z.number().int().min(400).max(599)]).optional(),
			failAfterChunks: z.number().int().min(0).optional(),
			/** Send an error event, then end the stream cleanly. */
			errorAfterChunks: z.number().int().min(0).optional(),
			/** Cut the connection after the first byte of a multi-byte character. */
			cutInCharacterAfterChunks: z.number().int().min(0).optional(),
			/** Send one line of 10 MB. */
			hugeLineAfterChunks: z.number().int().min(0).optional(),
			silentAfterChunks: z.number().int().min(0).optional(),
			/** Send nothing until this fault is removed, then continue. */
			pauseAfterChunks: z.number().int().min(0).optional(),
			finishReason: z.enum(["stop", "length", "content_filter"]).optional(),
			/** The format of a tool call. Default `pieces`, as OpenAI does: the name first, then its input by index. */
			toolCall: z.enum(TOOL_CALL_FORMS).optional(),
			/** Answers by model name. */
			wires: z.record(z.string(), modelWire).optional(),
		})
		.optional(),
	search: z
		.strictObject({
			/** The results of every search. */
			pages: z.array(z.strictObject({ url: z.string(), title: z.string(), snippet: z.string() })).optional(),
		})
		.optional(),
	/** How long after Pay the purchase takes effect, in sandbox time. */
	activationDelayMs: durationMs.optional(),
	/** Decline renewals of paid plans, which become past_due. */
	declineRenewals: z.boolean().optional(),
	/** How long a payment takes to settle, in sandbox time. The plan starts at once, its credits come with the payment. */
	paymentDelayMs: durationMs.optional(),
	/** Fail payments when they settle, after the customer has returned to the app. */
	failPayments: z.boolean().optional(),
	/** Create a customer but answer 409, as if another request had created it first. */
	firstVisitRace: z.boolean().optional(),
	/** Treat the API key as rate-limited, which the real service answers with 401. */
	keyRateLimited: z.boolean().optional(),
	webhooks: z
		.strictObject({
			/** Record events, never send them. */
			drop: z.boolean().optional(),
			/** Make every attempt twice. */
			double: z.boolean().optional(),
			/** Sandbox time between an event and its first attempt. */
			delayMs: durationMs.optional(),
			/** Send the newest waiting event first. */
			newestFirst: z.boolean().optional(),
			/** Ignore this many answers of the app, so that accepted events are sent again. Counts down. */
			loseAnswers: z.number().int().min(0).optional(),
			wrongSignature: z.boolean().optional(),
		})
		.optional(),
});

/** Failures on demand. `POST /__sandbox/faults` replaces all of them; `{}` clears them. */
export type Faults = z.infer<typeof faultsSchema>;
export type ModelFaults = NonNullable<Faults["model"]>;
export type ModelWire = z.infer<typeof modelWire>;
export type ApiFault = z.infer<typeof apiFault>;
