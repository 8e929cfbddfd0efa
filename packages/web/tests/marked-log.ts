import { env } from "cloudflare:workers";
import { getTableName, isTable } from "drizzle-orm";
import { expect, onTestFinished, vi } from "vitest";
import * as schema from "../src/db/schema.ts";
import { logLines } from "./worker-log.ts";

/** Text from outside: a prompt, an answer, a service's message, a query parameter. It must never appear in the log. */
export const marker = "marker-of-the-log";

export const reply =
	(body: string, status = 200, type = "application/json") =>
	() =>
		new Response(body, { status, headers: { "content-type": type } });

const error = { message: marker, type: marker, code: marker, param: marker };

/** How any service may fail. */
export const FAILURES: [does: string, answer: () => Response][] = [
	["fails", reply(JSON.stringify({ error: marker, code: marker, message: marker }), 500)],
	["fails with a page", reply(`<html>${marker}`, 503, "text/html")],
	["refuses", reply(JSON.stringify({ error }), 400)],
	["refuses our key", reply(marker, 401, "text/plain")],
	["sends no JSON", reply(marker)],
	["sends an unknown shape", reply(JSON.stringify({ data: marker, customer: marker, success: marker, "error-codes": [marker] }))],
	[
		"cannot be reached",
		() => {
			throw new TypeError(marker, { cause: new Error(marker) });
		},
	],
];

/** Answers the app's requests to addresses that contain `part`. */
export function answerFor(part: string, answer: () => Response): void {
	const real = globalThis.fetch;
	const fake = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
		const url = input instanceof Request ? input.url : String(input);
		return url.includes(part) ? answer() : real(input, init);
	});
	onTestFinished(() => fake.mockRestore());
}

/** The names of D1's tables. */
export const tables = Object.values(schema).flatMap((one) => (isTable(one) ? [getTableName(one)] : []));

/** Makes every query of a table fail until the test ends. */
export async function breakTable(name: string): Promise<void> {
	await env.DB.exec(`ALTER TABLE ${name} RENAME TO broken_${name}`);
	onTestFinished(async () => void (await env.DB.exec(`ALTER TABLE broken_${name} RENAME TO ${name}`)));
}

/** Expects that a line matches, and that no line has the marker, a secret, or more than 200 characters. */
export function expectLogged(pattern: RegExp, ...secrets: string[]): void {
	expect(logLines.join("\n")).toMatch(pattern);
	for (const line of logLines) {
		for (const secret of [marker, ...secrets]) expect(line).not.toContain(secret);
		expect(line.length).toBeLessThanOrEqual(200);
	}
}
