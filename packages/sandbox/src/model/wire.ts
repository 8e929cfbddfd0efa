import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "hono";
import { stream } from "hono/streaming";
import { cutConnection } from "../faults/inject.ts";
import type { ModelFaults, ModelWire } from "../faults/schema.ts";
import type { Env, World } from "../world.ts";
import type { ModelCall } from "./request.ts";

const AT_ONCE = 200;

/** The bytes that the faults set as this model's answer, if any. Counts them down, and removes them when used up. */
export function takeWire(faults: ModelFaults, model: string): ModelWire | undefined {
	const wire = faults.wires?.[model];
	if (faults.wires && wire?.calls !== undefined) {
		wire.calls -= 1;
		if (wire.calls === 0) delete faults.wires[model];
	}
	return wire;
}

/** Answers a call with exactly these bytes. */
export async function sendWire(c: Context<Env>, world: World, call: ModelCall, wire: ModelWire): Promise<Response> {
	const left = new AbortController();
	c.env.outgoing?.once("close", () => left.abort());
	const { signal } = left;
	const leave = async () => {
		call.aborted = true;
		await world.commit();
	};
	try {
		await sleep(wire.delayMs, undefined, { signal });
		if (wire.parts.length === 0 && wire.end === "stay") await untilAborted(signal);
	} catch {
		await leave();
		return c.body(null);
	}
	if (wire.parts.length === 0 && wire.end === "cut") {
		cutConnection(c);
		return c.body(null);
	}
	for (const [name, value] of Object.entries(wire.headers)) c.header(name, value);
	c.status(wire.status as Parameters<typeof c.status>[0]);
	return stream(c, async (out) => {
		out.onAbort(() => left.abort());
		try {
			for (const bytes of piecesOf(wire)) {
				await out.write(bytes);
				await sleep(wire.gapMs, undefined, { signal });
			}
			if (wire.end === "cut") cutConnection(c);
			if (wire.end === "stay") await untilAborted(signal);
		} catch {
			await leave();
		}
	});
}

function* piecesOf({ parts }: ModelWire): Generator<Uint8Array, void> {
	for (const part of parts) {
		if (typeof part === "string") yield Buffer.from(part);
		else if ("base64" in part) yield Buffer.from(part.base64, "base64");
		else for (let sent = 0; sent < part.times; sent += AT_ONCE) yield Buffer.from(part.text.repeat(Math.min(AT_ONCE, part.times - sent)));
	}
}

/** Waits until the client leaves, then rejects. */
export function untilAborted(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		if (signal.aborted) reject(signal.reason);
		signal.addEventListener("abort", () => reject(signal.reason), { once: true });
	});
}
