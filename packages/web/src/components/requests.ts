import type { BillingView } from "../view/billing.ts";
import type { Problem } from "../view/problem.ts";
import type { UsageView } from "../view/usage.ts";

/** What a page asks of the server on its own. An answer that is not a success becomes an error with a sentence for the reader. */
export class Refused extends Error {
	override name = "Refused";
	readonly problem: Problem;
	constructor(problem: Problem) {
		super(problem.detail);
		this.problem = problem;
	}
}

/** The request did not get through: nobody knows whether it arrived. */
export class Unreached extends Error {
	override name = "Unreached";
}

/** `fetch`, with refusals and broken connections as two errors that can be told apart. */
export const askServer: typeof fetch = async (input, init) => {
	let response: Response;
	try {
		response = await fetch(input, init);
	} catch (cause) {
		if (init?.signal?.aborted) throw cause;
		throw new Unreached("The server could not be reached.", { cause });
	}
	if (!response.ok) throw new Refused(await problemOf(response));
	return response;
};

async function problemOf(response: Response): Promise<Problem> {
	const body: unknown = await response.json().catch(() => null);
	const plain = { type: "about:blank", title: response.statusText, status: response.status, detail: sentenceFor(response.status) };
	if (typeof body !== "object" || body === null) return plain;
	const told = "detail" in body && typeof body.detail === "string" ? body.detail : undefined;
	return { ...plain, ...body, ...(told ? {} : { detail: plain.detail }) };
}

function sentenceFor(status: number): string {
	if (status === 401) return "You are not signed in any more. Sign in and send it again.";
	if (status === 413) return "That message is too long.";
	if (status >= 500) return "The server could not do this just now. Nothing was counted.";
	return "The server did not accept this. Nothing was counted.";
}

export async function readUsage(): Promise<UsageView> {
	return (await askServer("/api/usage", { headers: { accept: "application/json" } })).json();
}

/** The same, after a checkout: the server has the billing service asked first. */
export async function readUsageAfterCheckout(): Promise<UsageView> {
	return (await askServer("/api/billing/refresh", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).json();
}

export async function stopAnswer(chatId: string): Promise<void> {
	await askServer(`/api/chat/${chatId}/stop`, { method: "POST" });
}

export async function deleteChat(chatId: string): Promise<void> {
	await askServer(`/api/chat/${chatId}`, { method: "DELETE" });
}

export interface EndingPlan {
	name: string;
	endMs: number;
}

/** The reader's plan, if it was cancelled and ends: nothing can be bought on top of it then. Null for a plan that goes on. */
export async function readEndingPlan(): Promise<EndingPlan | null> {
	const { plans }: BillingView = await (await askServer("/api/billing")).json();
	const ending = plans.find(({ state }) => state === "ending");
	return ending?.endsAt ? { name: ending.name, endMs: Date.parse(ending.endsAt) } : null;
}

/** A random id of 128 bits, in the form that the server accepts for chats, messages and keys. */
export function randomId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}
