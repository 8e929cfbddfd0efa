import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { type User, userOf } from "../../../lib/identity/subject.ts";
import { ACTIONS, leadToPortal, readBilling, refreshUsage } from "../../../lib/payments/actions.ts";

export const Route = createFileRoute("/api/billing/$")({
	server: {
		handlers: api({
			GET: ({ request, params }) => read(request, params._splat ?? ""),
			POST: ({ request, params }) => act(request, params._splat ?? ""),
		}),
	},
});

async function read(request: Request, path: string): Promise<Response> {
	const user = await payer(request);
	if (path === "") return readBilling(user);
	if (path === "portal") return leadToPortal(request, user);
	if (path !== "refresh" && !Object.hasOwn(ACTIONS, path)) return nothingHere();
	return refuse("method-not-allowed", "This address answers to POST.", { allow: "POST" });
}

async function act(request: Request, path: string): Promise<Response> {
	const user = await payer(request);
	if (path === "refresh") return refreshUsage(request, user);
	const action = Object.hasOwn(ACTIONS, path) ? ACTIONS[path] : undefined;
	return action ? action(request, user) : nothingHere();
}

async function payer(request: Request): Promise<User> {
	const user = await userOf(request, { fresh: true });
	if (!user) refuse("not-signed-in", "Sign in to see and change what you pay.");
	if (config().billing.kind === "none") refuse("billing-not-configured", "Nothing is sold on this server.");
	return user;
}

function nothingHere(): never {
	refuse("not-found", "There is nothing at this address.");
}
