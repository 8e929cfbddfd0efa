import { setTimeout as sleep } from "node:timers/promises";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import type { Env, World } from "../world.ts";

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
type ApiFault = z.infer<typeof apiFault>;

function matches(fault: ApiFault, method: string, path: string): boolean {
	if (fault.method !== undefined && fault.method !== method) return false;
	const wanted = fault.path.split("/");
	const given = path.split("/");
	if (wanted.at(-1) === "*") {
		wanted.pop();
		given.length = Math.min(given.length, wanted.length);
	}
	return wanted.length === given.length && wanted.every((segment, index) => segment.startsWith(":") || segment === given[index]);
}

/** The first fault that fits, counted down and, when used up, removed. */
function take(faults: Faults, method: string, path: string): ApiFault | undefined {
	const fault = faults.api?.find((one) => matches(one, method, path));
	if (fault?.times !== undefined) {
		fault.times -= 1;
		if (fault.times === 0) faults.api = faults.api?.filter((one) => one !== fault);
	}
	return fault;
}

/** An answer with that status, in the words of the service that fails. */
type Failure = (status: number, headers: Record<string, string>) => Response;

/** Injects the `api` faults. Stands outside of the API, so that a dropped answer is one whose work was done. */
export function injectFaults(world: World, failure: Failure): MiddlewareHandler<Env> {
	return async (c, next) => {
		const fault = take(world.state.faults, c.req.method, c.req.path);
		if (fault === undefined) return next();
		if (fault.hang) return hang(c);
		if (fault.delayMs !== undefined) await sleep(fault.delayMs);
		if (fault.status !== undefined) return failure(fault.status, fault.headers ?? {});
		await next();
		if (fault.dropAfterCommit) {
			await world.commit();
			cutConnection(c);
		} else if (fault.invalidJson || fault.bodyBytesPerSecond !== undefined) c.res = await spoiled(c.res, fault);
	};
}

const codes: Record<number, string> = { 400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT" };

/** As Flowglad words it: 401 is plain text, the rest has a code (flowglad.md l). */
export function injectedFailure(status: number, headers: Record<string, string>): Response {
	if (status === 401) return new Response("Unauthorized", { status, headers });
	const body = { error: "Injected fault", code: codes[status] ?? "INTERNAL_SERVER_ERROR", request_id: "00000000" };
	return Response.json(body, { status, headers });
}

async function spoiled(answer: Response, { invalidJson, bodyBytesPerSecond }: ApiFault): Promise<Response> {
	const whole = new Uint8Array(await answer.arrayBuffer());
	const bytes = invalidJson ? whole.slice(0, Math.ceil(whole.length / 2)) : whole;
	const headers = new Headers(answer.headers);
	headers.delete("content-length");
	return new Response(bodyBytesPerSecond === undefined ? bytes : trickle(bytes, bodyBytesPerSecond), { status: answer.status, headers });
}

function trickle(bytes: Uint8Array, bytesPerSecond: number): ReadableStream<Uint8Array> {
	const tickMs = 50;
	const step = Math.max(1, Math.round((bytesPerSecond * tickMs) / 1000));
	let sent = 0;
	return new ReadableStream({
		async pull(controller) {
			if (sent >= bytes.length) return controller.close();
			await sleep((step / bytesPerSecond) * 1000);
			controller.enqueue(bytes.slice(sent, sent + step));
			sent += step;
		},
	});
}

/** Never answers; the promise ends with the connection, so that nothing is kept for a client that left. */
async function hang(c: Context<Env>): Promise<Response> {
	await new Promise((resolve) => c.env.outgoing?.once("close", resolve));
	return c.body(null);
}

/** Ends the TCP connection without an answer, as a crash would. */
export function cutConnection(c: Context<Env>): void {
	c.env.incoming?.socket.destroy();
}
