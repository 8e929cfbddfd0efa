import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type BillingAction, unheard } from "../../billing-sentences.ts";
import type { Problem } from "../../view/problem.ts";
import { serverActions } from "./server-actions.ts";
import type { ActionResult, BillingActions } from "./source.ts";

const assign = vi.fn();
const answer = (body: object, status = 200) =>
	vi.stubGlobal("fetch", async () =>
		Response.json(body, { status, headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" } }),
	);
const refusal = (code: string, status: number, detail: string): Problem => ({
	type: `urn:parley:problem:${code}`,
	title: "",
	status,
	detail,
	outcome: "unchanged",
});

beforeEach(() => {
	assign.mockReset();
	vi.stubGlobal("location", { assign, origin: "https://parley.example" });
});
afterEach(() => vi.unstubAllGlobals());

describe("a change of plan", () => {
	test.each(["now", "period-end", "confirming"] as const)("that takes effect %s stays on the page", async (takesEffect) => {
		answer({ takesEffect });
		expect(await serverActions.change("sub_1", "max_monthly")).toEqual({ kind: "done", value: takesEffect });
		expect(assign).not.toHaveBeenCalled();
	});

	test("that the customer must confirm first opens the provider's page", async () => {
		answer({ takesEffect: "not-yet", url: "https://pay.example/in_1" });
		expect(await serverActions.change("sub_1", "max_monthly")).toEqual({ kind: "done", value: "not-yet" });
		expect(assign).toHaveBeenCalledExactlyOnceWith("https://pay.example/in_1");
	});

	test("that was declined says so, and that the plan is kept", async () => {
		answer(refusal("payment-declined", 402, "The payment did not go through. You keep the plan that you have."), 402);
		const sentence = "The payment did not go through. You keep the plan that you have.";
		expect(await serverActions.change("sub_1", "max_monthly")).toEqual({ kind: "failed", outcome: "unchanged", sentence });
	});
});

/** Every button of the page, and the action that it reports on. The type checker requires an entry for a new action. */
const BUTTONS: Record<keyof BillingActions, [action: BillingAction, press: () => Promise<ActionResult<unknown>>]> = {
	buy: ["buy", () => serverActions.buy("pro_monthly", "/", "/pricing")],
	addPaymentMethod: ["add-card", () => serverActions.addPaymentMethod("sub_1")],
	activate: ["activate", () => serverActions.activate("sub_1", "/")],
	cancel: ["cancel", () => serverActions.cancel("sub_1", "now")],
	keep: ["resume", () => serverActions.keep("sub_1")],
	change: ["change", () => serverActions.change("sub_1", "max_monthly")],
};
const LOST: [what: string, fetch: () => Promise<Response>][] = [
	["no connection", () => Promise.reject(new TypeError("fetch failed"))],
	["a page of a proxy", async () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
	["half an answer", async () => new Response('{"takesEffect":', { headers: { "content-type": "application/json" } })],
	[
		"our own internal error",
		async () => Response.json({ type: "urn:parley:problem:internal-error", title: "", detail: "", status: 500 }, { status: 500 }),
	],
];

describe.each(Object.entries(BUTTONS))("the button for %s", (_, [action, press]) => {
	test.each(LOST)("after %s reports what is known, and nothing else", async (what, fetch) => {
		vi.stubGlobal("fetch", fetch);
		// An action without a result does not read the response body.
		const needsBody = action !== "cancel" && action !== "resume";
		if (what === "half an answer" && !needsBody) expect(await press()).toMatchObject({ kind: "done" });
		else expect(await press()).toEqual({ kind: "failed", ...unheard(action) });
		expect(assign).not.toHaveBeenCalled();
	});

	test("shows the server's reason", async () => {
		answer(refusal("only-for-owners", 403, "Ask an owner."), 403);
		expect(await press()).toEqual({ kind: "failed", outcome: "unchanged", sentence: "Ask an owner." });
	});
});

test("a checkout that is refused shows the server's reason", async () => {
	answer(refusal("plan-cannot-start", 409, "Your account cannot start a plan."), 409);
	const sentence = "Your account cannot start a plan.";
	expect(await serverActions.buy("pro_monthly", "/", "/pricing")).toEqual({ kind: "failed", outcome: "unchanged", sentence });
	expect(assign).not.toHaveBeenCalled();
});
