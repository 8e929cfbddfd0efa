import { setTimeout as sleep } from "node:timers/promises";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import type { Env, World } from "./world.ts";

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

/** Injects the `api` faults. Stands outside of the API, so that a dropped answer is one whose work was done. */
export function injectFaults(world: World): MiddlewareHandler<Env> {
	return async (c, next) => {
		const fault = take(world.state.faults, c.req.method, c.req.path);
		if (fault === undefined) return next();
		if (fault.hang) return hang(c);
		if (fault.delayMs !== undefined) await sleep(fault.delayMs);
		if (fault.status !== undefined) {
			return Response.json(
				{
					error: "Injected fault",
					code: "INTERNAL_SERVER_ERROR",
					request_id: "00000000",
				},
				{ status: fault.status, headers: fault.headers ?? {} },
			);
		}
		await next();
		if (fault.dropAfterCommit) {
			await world.commit();
			cutConnection(c);
		}
	};
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
