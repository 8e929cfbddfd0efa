import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { verifyWebhook } from "@flowglad/server";
import { onTestFinished } from "vitest";

/** `whsec_` and base64, as Svix issues them. */
export const webhookSecret = `whsec_${Buffer.from("a secret of the tests").toString("base64")}`;

interface Received {
	id: string;
	/** The body, verified by the real SDK; null if its signature is wrong. */
	payload: { id: string; object: string; customer: { externalId: string } } | null;
}

/** A webhook receiver. It records events in order and answers with the given statuses. */
export async function startReceiver(answer: (count: number) => number = () => 204): Promise<{ url: string; received: Received[] }> {
	const received: Received[] = [];
	const server = createServer((request, response) => {
		let text = "";
		request.on("data", (chunk) => {
			text += chunk;
		});
		request.on("end", () => {
			received.push({ id: String(request.headers["svix-id"]), payload: verified(text, request.headers) });
			response.writeHead(answer(received.length)).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}

function verified(text: string, headers: IncomingHttpHeaders): Received["payload"] {
	try {
		return verifyWebhook(text, headers, webhookSecret) as Received["payload"];
	} catch {
		return null;
	}
}
