import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Problem } from "../../view/problem.ts";
import { serverActions } from "./server-source.tsx";

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

	test("that the customer must confirm first leaves for the provider's page", async () => {
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

test("a checkout that is refused shows the server's reason", async () => {
	answer(refusal("plan-cannot-start", 409, "Your account cannot start a plan."), 409);
	const sentence = "Your account cannot start a plan.";
	expect(await serverActions.buy("pro_monthly", "/", "/pricing")).toEqual({ kind: "failed", outcome: "unchanged", sentence });
	expect(assign).not.toHaveBeenCalled();
});
