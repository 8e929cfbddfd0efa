import type { ServerResponse } from "node:http";

/** Answers with a problem (RFC 9457), or in plain JSON where the response is marked for that. */
export function problem(response: ServerResponse, status: number, title: string, more: object = {}): void {
	const body = JSON.stringify({ type: "about:blank", title, status, detail: title, ...more });
	const type = response.hasHeader("x-plain") ? "application/json" : "application/problem+json";
	response.writeHead(status, { "content-type": type }).end(body);
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
