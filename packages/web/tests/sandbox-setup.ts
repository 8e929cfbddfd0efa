import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { startSandbox } from "@parley/sandbox";
import type { TestProject } from "vitest/node";

/** Starts the sandbox and a fake siteverify on free ports. */
export default async function setup(project: TestProject) {
	const sandbox = await startSandbox({ port: 0, secretKey: "sk_test_sandbox" });
	const verifyToken = tokenVerifier();
	const siteverify = createServer((request, response) => void verifyToken(request, response)).listen(0);
	await once(siteverify, "listening");
	project.provide("sandboxUrl", sandbox.url);
	project.provide("siteverifyUrl", `http://localhost:${(siteverify.address() as AddressInfo).port}/`);
	const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
	project.provide("proof", { seed, whole: process.env.PROVE === "whole" });
	return async () => {
		siteverify.closeAllConnections();
		siteverify.close();
		await sandbox.close();
	};
}

/**
 * A fake of Cloudflare's siteverify whose tokens carry their own verdict. Like the real one, it accepts each token once and refuses a repeat with
 * `timeout-or-duplicate` (Cloudflare's documentation, "Server-side validation").
 */
function tokenVerifier(): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
	const redeemed = new Set<string>();
	return async (request, response) => {
		const body = JSON.parse(await text(request));
		let verdict: { hang?: boolean; status?: number } = {};
		try {
			verdict = JSON.parse(atob(body.response));
		} catch {
			// Not one of our tokens: refused.
		}
		if (verdict.hang) return;
		const repeated = { success: false, "error-codes": ["timeout-or-duplicate"] };
		const isOurs = body.secret === "a turnstile secret";
		const answer = !isOurs ? { success: false } : redeemed.has(body.response) ? repeated : { success: false, ...verdict };
		if (isOurs) redeemed.add(body.response);
		response.writeHead(verdict.status ?? 200, { "content-type": "application/json" });
		response.end(JSON.stringify(answer));
	};
}

declare module "vitest" {
	interface ProvidedContext {
		sandboxUrl: string;
		siteverifyUrl: string;
		/** `whole` under `npm run prove`; `npm test` runs a short form. */
		proof: { seed: number; whole: boolean };
	}
}
