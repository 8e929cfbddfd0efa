import { z } from "zod";

const durationMs = z.number().int().min(0);

const apiFault = z.strictObject({
	/** The request's path, with `:name` for any one segment and a final `*` for any rest. */
	path: z.string().startsWith("/"),
	method: z.string().toUpperCase().optional(),
	/** Answer with this status and touch nothing. */
	status: z.number().int().min(400).max(599).optional(),
	/** Headers of that answer, such as retry-after. */
	headers: z.record(z.string(), z.string()).optional(),
	/** Wait before doing anything. */
	delayMs: durationMs.optional(),
	/** Never answer, and do nothing. */
	hang: z.boolean().optional(),
	/** Do the work, then cut the connection instead of answering. */
	dropAfterCommit: z.boolean().optional(),
	/** Do the work, then answer with the first half of the body: the status of success, and no JSON. */
	invalidJson: z.boolean().optional(),
	/** Let the body of the answer trickle. */
	bodyBytesPerSecond: z.number().int().min(1).optional(),
	/** How many requests it hits; without it, all. */
	times: z.number().int().min(1).optional(),
});

export const faultsSchema = z.strictObject({
	api: z.array(apiFault).optional(),
	model: z
		.strictObject({
			firstTokenMs: durationMs.optional(),
			chunks: z.number().int().min(0).max(10_000).optional(),
			chunkMs: durationMs.optional(),
			/** true is 500; a number is that status. */
			failBeforeOutput: z.union([z.boolean(), z.number().int().min(400).max(599)]).optional(),
			failAfterChunks: z.number().int().min(0).optional(),
			/** An error as an event of the stream, which then ends in good order. */
			errorAfterChunks: z.number().int().min(0).optional(),
			/** The connection is cut within a character: after its first byte. */
			cutInCharacterAfterChunks: z.number().int().min(0).optional(),
			/** One line of 10 MB. */
			hugeLineAfterChunks: z.number().int().min(0).optional(),
			silentAfterChunks: z.number().int().min(0).optional(),
			finishReason: z.enum(["stop", "length", "content_filter"]).optional(),
		})
		.optional(),
	/** How long after Pay what was bought appears, in sandbox time. */
	activationDelayMs: durationMs.optional(),
	/** Renewals of paid plans are declined: the subscription becomes past_due. */
	declineRenewals: z.boolean().optional(),
	/** How long a payment is under way, in sandbox time: a plan is there, its credits are not. */
	paymentDelayMs: durationMs.optional(),
	/** Payments fail when they settle, after the customer was sent back to the app. */
	failPayments: z.boolean().optional(),
	/** Every creation of a customer finds that somebody else was faster: it is created, and the answer is 409. */
	firstVisitRace: z.boolean().optional(),
	/** The API key has made too many calls, which the real service answers with 401. */
	keyRateLimited: z.boolean().optional(),
	webhooks: z
		.strictObject({
			/** Events are written down and never sent. */
			drop: z.boolean().optional(),
			/** Each attempt is made twice. */
			double: z.boolean().optional(),
			/** Sandbox time between an event and its first attempt. */
			delayMs: durationMs.optional(),
			/** Of several that wait, the last goes first. */
			newestFirst: z.boolean().optional(),
			/** So many answers of the app are lost, so that it is sent again what it has taken. Counts down. */
			loseAnswers: z.number().int().min(0).optional(),
			wrongSignature: z.boolean().optional(),
		})
		.optional(),
});

/** What goes wrong on purpose: set as a whole by `POST /__sandbox/faults`, `{}` means nothing does. */
export type Faults = z.infer<typeof faultsSchema>;
export type ModelFaults = NonNullable<Faults["model"]>;
export type ApiFault = z.infer<typeof apiFault>;
