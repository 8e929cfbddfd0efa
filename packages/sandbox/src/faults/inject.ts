import { setTimeout as sleep } from "node:timers/promises";
import type { Context, MiddlewareHandler } from "hono";
import type { Env, World } from "../world.ts";
import type { ApiFault, Faults } from "./schema.ts";

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

/** The first matching fault. Counts it down and removes it when used up. */
function take(faults: Faults, method: string, path: string): ApiFault | undefined {
	const fault = faults.api?.find((one) => matches(one, method, path));
	if (fault?.times !== undefined) {
		fault.times -= 1;
		if (fault.times === 0) faults.api = faults.api?.filter((one) => one !== fault);
	}
	return fault;
}

/** Builds an answer with that status as the failing service would. */
type Failure = (status: number, headers: Record<string, string>) => Response;

/** Middleware that injects the `api` faults. It wraps the API, so that a dropped answer means its work was done. */
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
		} else if (fault.stall) {
			await world.commit();
			c.res = stalled(c.res);
		} else if (fault.invalidJson || fault.bodyBytesPerSecond !== undefined) c.res = await spoiled(c.res, fault);
	};
}

const codes: Record<number, string> = { 400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT" };

/** A Flowglad error body: 401 is plain text, all others have a code (flowglad.md l). */
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

/** Status and headers without a body, which never ends either. The stream ends with the connection. */
function stalled({ status, headers }: Response): Response {
	const open = new Headers(headers);
	open.delete("content-length");
	return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { status, headers: open });
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

/** Never answers. The promise ends with the connection, so that nothing leaks when the client leaves. */
async function hang(c: Context<Env>): Promise<Response> {
	await new Promise((resolve) => c.env.outgoing?.once("close", resolve));
	return c.body(null);
}

/** Ends the TCP connection without an answer, as a crash would. */
export function cutConnection(c: Context<Env>): void {
	c.env.incoming?.socket.destroy();
}
