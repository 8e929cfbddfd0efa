import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from "vitest";
import { type BillingAction, sentenceOf, unheard } from "../../billing-sentences.ts";
import type { PlanStanding } from "../../view/billing.ts";
import type { User } from "../identity/subject.ts";
import * as actions from "./actions.ts";
import { activatePlan, addCard, buy, cancel, changePlan, openPortal, readBilling, resume } from "./actions.ts";
import { DeadlineError } from "./deadline.ts";
import { statusOf } from "./errors.ts";
import type { AccountPort, CustomerBilling, Offer, ReturnPages } from "./port.ts";

// Billing actions a browser can request, with a fake provider account and a fake ledger.

const { account, ledger } = vi.hoisted(() => ({
	account: {
		readBilling: vi.fn<AccountPort["readBilling"]>(),
		readForSdk: null,
		addCard: vi.fn<AccountPort["addCard"]>(async () => ({ id: "cs_card", url: "https://pay.example/card" })),
		activatePlan: vi.fn<NonNullable<AccountPort["activatePlan"]>>(async () => ({ id: "cs_plan", url: "https://pay.example/plan" })),
		openPortal: vi.fn<AccountPort["openPortal"]>(),
		cancelPlan: vi.fn<AccountPort["cancelPlan"]>(async () => "canceled"),
		resumePlan: vi.fn<AccountPort["resumePlan"]>(async () => "resumed"),
		changePlan: vi.fn<AccountPort["changePlan"]>(async () => ({ takesEffect: "now", answer: "changed" })),
	},
	ledger: {
		press: vi.fn(),
		refresh: vi.fn(async () => {}),
		noteChange: async () => {},
		noteActivation: vi.fn(async () => {}),
		billing: vi.fn(),
		openCardPage: async (_: string, ...page: [string | undefined, ReturnPages]) => tried(() => account.addCard("ada", ...page)),
		openPortal: async (_: string, returnUrl: string) => tried(() => account.openPortal("ada", returnUrl)),
		takeAction: vi.fn(async () => 0),
	},
}));

/** How the ledger reports a provider call (customer-copies.ts). */
const tried = <T>(call: () => Promise<T>) =>
	call().then(
		(answer) => ({ kind: "read", answer }),
		(error: unknown) => ({ kind: "failed", status: statusOf(error), late: error instanceof DeadlineError }),
	);

vi.mock("cloudflare:workers", () => ({ env: { USAGE_LEDGER: { getByName: () => ledger } } }));
vi.mock("./provider.ts", () => ({ billingPort: async () => account }));
vi.mock("../identity/subject.ts", () => ({
	customerOf: ({ organization, userId, key }: User) =>
		organization
			? { externalId: organization.organizationId, key: organization.key, mayBuy: organization.mayBuy }
			: { externalId: userId, key, mayBuy: true },
}));

const user: User = {
	kind: "user",
	key: "user:ada",
	userId: "ada",
	name: "Ada",
	email: "ada@example.com",
	emailVerified: true,
	instructions: { about: "", answer: "" },
	organization: null,
	payers: [{ key: "user:ada", member: null }],
	pools: [],
	setCookie: null,
};
const member: User = {
	...user,
	organization: { organizationId: "acme", key: "org:acme", name: "Acme", mayBuy: false, cap: null },
};
const unverified: User = { ...user, emailVerified: false };

const plan: PlanStanding = {
	id: "sub_1",
	name: "Pro",
	state: "active",
	price: null,
	periodEnd: null,
	trialEnd: null,
	endsAt: null,
	invoice: null,
	paused: false,
	live: true,
	balance: null,
	next: null,
};
const offer = (priceSlug: string, kind: Offer["kind"]): Offer => ({
	priceId: `price_${priceSlug}`,
	priceSlug,
	name: priceSlug,
	description: null,
	amountCents: 799,
	currency: "USD",
	interval: "month",
	requests: 1000,
	features: [],
	trialDays: 0,
	kind,
	current: false,
});
const billing = (plans: PlanStanding[]): CustomerBilling => ({
	customerId: "cus_1",
	offers: [offer("pro_monthly", "subscription"), offer("top_up_1000", "top-up")],
	defaultPriceId: "price_pro_monthly",
	creditsBought: 0,
	plans,
	waiting: null,
	paymentMethods: [],
	invoices: [],
	portalUrl: null,
	topUpsOutlivePlan: false,
	planStart: "possible",
});

const request = new Request("https://parley.example/api/billing/checkout", { method: "POST" });
const pages = { successUrl: "/", cancelUrl: "/pricing" };
const refused = (code: string) => expect.objectContaining({ name: "ProblemError", code });

beforeEach(() => {
	ledger.billing.mockImplementation(async () => ({ kind: "read", answer: await account.readBilling("ada") }));
	ledger.takeAction.mockResolvedValue(0);
	account.readBilling.mockResolvedValue(billing([plan]));
	vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
	vi.clearAllMocks();
});

/** No call that changes or sells anything was made. */
function expectNothingDone() {
	for (const call of [account.addCard, account.activatePlan, account.cancelPlan, account.resumePlan, account.changePlan]) {
		expect(call).not.toHaveBeenCalled();
	}
	for (const call of [ledger.press, ledger.refresh, ledger.noteActivation]) expect(call).not.toHaveBeenCalled();
}

/** Every action with outcome messages. The type checker requires an entry for each new one. */
const ACTS: { [A in BillingAction]: { exported: keyof typeof actions; act: (who: User) => Promise<unknown>; call: Mock } } = {
	buy: { exported: "buy", act: (who) => buy(request, who, { priceSlug: "top_up_1000" }), call: ledger.press },
	"add-card": { exported: "addCard", act: (who) => addCard(request, who, "sub_1", pages), call: account.addCard },
	activate: { exported: "activatePlan", act: (who) => activatePlan(request, who, "sub_1", pages), call: account.activatePlan },
	cancel: { exported: "cancel", act: (who) => cancel(who, "sub_1", "now"), call: account.cancelPlan },
	resume: { exported: "resume", act: (who) => resume(who, "sub_1"), call: account.resumePlan },
	change: {
		exported: "changePlan",
		act: (who) => changePlan(request, who, "sub_1", { priceSlug: "pro_monthly" }),
		call: account.changePlan,
	},
};
const everyAction = Object.values(ACTS).map(({ exported, act }) => [exported, act] as const);

test("every action a browser may take has a message for each outcome and is covered by the tests below", () => {
	// Exports that only read, open the provider's own pages, or check permissions.
	const others = ["assertMayManage", "openPortal", "readBilling", "readForAction"];
	expect(Object.keys(actions).sort()).toEqual([...everyAction.map(([exported]) => exported), ...others].sort());
});

describe("every action", () => {
	test.each(everyAction)("%s is refused for a member who may not buy", async (_, act) => {
		await expect(act(member)).rejects.toEqual(refused("only-for-owners"));
		expectNothingDone();
	});

	test.each(everyAction.filter(([name]) => name !== "buy"))("%s never reaches another customer's plan", async (_, act) => {
		account.readBilling.mockResolvedValue(billing([{ ...plan, id: "sub_of_ada" }]));
		await expect(act(user)).rejects.toEqual(refused("subscription-not-found"));
		expectNothingDone();
	});
});

describe("an action that leads to a payment page", () => {
	test.each(everyAction.slice(0, 3))("%s needs a confirmed address", async (_, act) => {
		await expect(act(unverified)).rejects.toEqual(refused("email-not-verified"));
		expectNothingDone();
	});

	test("rejects return pages on another site before making any call", async () => {
		const away = { successUrl: "https://evil.example/", cancelUrl: "/" };
		await expect(buy(request, user, away)).rejects.toEqual(refused("invalid-request"));
		await expect(addCard(request, user, undefined, away)).rejects.toEqual(refused("invalid-request"));
		expect(account.readBilling).not.toHaveBeenCalled();
		expectNothingDone();
	});

	test("gives the provider absolute return pages", async () => {
		await addCard(request, user, undefined, pages);
		const absolute = { successUrl: "https://parley.example/", cancelUrl: "https://parley.example/pricing" };
		expect(account.addCard).toHaveBeenCalledWith("ada", undefined, absolute);
	});
});

describe("buying", () => {
	const opened = (answer: object) => {
		account.readBilling.mockResolvedValue(billing([]));
		ledger.press.mockResolvedValue(answer);
		return buy(request, user, {});
	};

	test("opens the ledger's one checkout for the default plan", async () => {
		expect(await opened({ kind: "open", id: "cs_1", url: "https://pay.example/cs_1" })).toEqual({
			id: "cs_1",
			url: "https://pay.example/cs_1",
		});
		const absolute = { successUrl: "https://parley.example/", cancelUrl: "https://parley.example/pricing" };
		expect(ledger.press).toHaveBeenCalledExactlyOnceWith("user:ada", {
			reader: { language: "en", timeZone: null },
			price: {},
			pages: absolute,
		});
	});

	test.each([
		[{ kind: "under-way" }, "payment-under-way"],
		[{ kind: "failed", status: 409 }, "already-subscribed"],
		[{ kind: "failed", status: 500 }, "billing-unavailable"],
		[{ kind: "failed", status: null }, "billing-unavailable"],
		[{ kind: "unread", status: 500, late: false }, "billing-unavailable"],
		[{ kind: "unread", status: null, late: true }, "billing-timed-out"],
		[{ kind: "refused", code: "unknown-price", detail: "There is no such plan." }, "unknown-price"],
		[{ kind: "too-often", waitMs: 12_300 }, "too-many-billing-requests"],
	])("turns %o into %s", async (answer, code) => {
		await expect(opened(answer)).rejects.toEqual(refused(code));
		await expect(opened(answer)).rejects.toMatchObject({ outcome: "unchanged" });
	});
});

describe("a change at the provider", () => {
	test("is read by the ledger before the answer", async () => {
		expect(await cancel(user, "sub_1", "period-end")).toBe("canceled");
		expect(account.cancelPlan).toHaveBeenCalledWith("ada", "sub_1", "period-end");
		expect(ledger.refresh).toHaveBeenCalledExactlyOnceWith("user:ada");
	});

	test("names only prices that are for sale", async () => {
		await expect(changePlan(request, user, "sub_1", { priceId: "price_internal" })).rejects.toEqual(refused("unknown-price"));
		await expect(changePlan(request, user, "sub_1", { priceSlug: "top_up_1000" })).rejects.toEqual(refused("unknown-price"));
		expectNothingDone();
	});

	test("changes the only plan when none is named", async () => {
		expect(await changePlan(request, user, undefined, { priceSlug: "pro_monthly" })).toEqual({ takesEffect: "now", answer: "changed" });
		const offer = expect.objectContaining({ priceSlug: "pro_monthly" });
		expect(account.changePlan).toHaveBeenCalledWith("ada", "sub_1", offer, "https://parley.example/account/plan");
	});
});

/** Failures that prove the work was not done, and failures after which it may have been. */
const withStatus = (status: number) => Object.assign(new Error(`status ${status}`), { status });
const NOT_DONE = [400, 401, 403, 404, 409, 422, 429].map((status) => [`${status}`, withStatus(status)] as const);
const MAYBE_DONE = [
	...[408, 500, 502, 503, 504].map((status) => [`${status}`, withStatus(status)] as const),
	["a closed socket", new TypeError("socket closed")] as const,
	["half an answer", new SyntaxError("Unexpected end of JSON input")] as const,
	["no answer in time", new DeadlineError()] as const,
];
const EVERY_FAILURE = [...NOT_DONE, ...MAYBE_DONE];
const CLAIMS = /not charged|nothing|not cancel|not change|did not|goes on as before|as before/i;

const ending: PlanStanding = { ...plan, state: "ending" };
const onMax: PlanStanding = { ...plan, price: { slug: "max_monthly", amountCents: 1999, currency: "USD", interval: "month" } };
const sold = [offer("pro_monthly", "subscription"), offer("max_monthly", "subscription")];
const withPlans = (...plans: PlanStanding[]): CustomerBilling => ({ ...billing(plans), offers: sold });

/** The actions that change something, how each fails, and what a read shows before and after the change. */
const CHANGES = [
	{ action: "cancel", act: () => cancel(user, "sub_1", "period-end"), call: account.cancelPlan, before: plan, after: [ending] },
	{ action: "cancel", act: () => cancel(user, "sub_1", "now"), call: account.cancelPlan, before: plan, after: [] },
	{ action: "resume", act: () => resume(user, "sub_1"), call: account.resumePlan, before: ending, after: [plan] },
	{
		action: "change",
		act: () => changePlan(request, user, "sub_1", { priceSlug: "max_monthly" }),
		call: account.changePlan,
		before: plan,
		after: [onMax],
	},
	{
		action: "change",
		act: () => changePlan(request, user, "sub_1", { priceSlug: "max_monthly" }),
		call: account.changePlan,
		before: plan,
		after: [{ ...plan, next: "max_monthly" }],
	},
] as const;

interface Told {
	code: string;
	outcome: string | undefined;
	detail: string;
}
const told = async (act: () => Promise<unknown>): Promise<Told | "done"> =>
	act().then(
		() => "done" as const,
		({ code, outcome, detail }: Told) => ({ code, outcome, detail }),
	);

describe.each(CHANGES)("$action whose provider fails", ({ action, act, call, before, after }) => {
	beforeEach(() => {
		account.readBilling.mockResolvedValue(withPlans(before));
	});

	test.each(NOT_DONE)("with %s reports no change only because a read confirms it", async (_, error) => {
		call.mockRejectedValueOnce(error);
		expect(await told(act)).toMatchObject({ outcome: "unchanged", detail: sentenceOf(action, "unchanged") });
		expect(ledger.refresh).toHaveBeenCalledOnce();
	});

	test.each(MAYBE_DONE)("with %s reports an unknown outcome after reading the plan again", async (_, error) => {
		call.mockRejectedValueOnce(error);
		const problem = await told(act);
		expect(problem).toEqual({ code: "billing-outcome-unknown", outcome: "unknown", detail: sentenceOf(action, "unknown") });
		expect(ledger.refresh).toHaveBeenCalledOnce();
	});

	test.each(EVERY_FAILURE)("with %s succeeds if a read shows the change", async (_, error) => {
		call.mockImplementationOnce(async () => {
			account.readBilling.mockResolvedValue(withPlans(...after));
			throw error;
		});
		expect(await told(act)).toBe("done");
	});

	test.each(NOT_DONE)("with %s does not report that nothing changed if something else did", async (_, error) => {
		call.mockImplementationOnce(async () => {
			account.readBilling.mockResolvedValue(withPlans({ ...before, name: "Other", state: before.state }));
			throw error;
		});
		expect(await told(act)).toMatchObject({ outcome: "unknown" });
	});

	test.each(EVERY_FAILURE)("with %s reports an unknown outcome if the plan cannot be read afterwards", async (_, error) => {
		call.mockImplementationOnce(async () => {
			ledger.billing.mockResolvedValue({ kind: "failed", status: null, late: true });
			throw error;
		});
		expect(await told(act)).toMatchObject({ outcome: "unknown", detail: sentenceOf(action, "unknown") });
	});
});

describe.each(Object.entries(ACTS) as [BillingAction, (typeof ACTS)[BillingAction]][])("%s whose call fails", (action, { act, call }) => {
	test.each(EVERY_FAILURE)("with %s reports that nothing happened only if that is certain", async (_, error) => {
		if (action === "buy") call.mockResolvedValueOnce({ kind: "failed", status: "status" in error ? error.status : null });
		else call.mockRejectedValueOnce(error);
		// No read shows any of the changes.
		account.readBilling.mockResolvedValue(billing([ending]));
		const problem = await told(() => act(user));
		expect(call).toHaveBeenCalledOnce();
		const isKnown = unheard(action).outcome === "unchanged" || NOT_DONE.some(([, one]) => one === error);
		expect(problem).toMatchObject({ outcome: isKnown ? "unchanged" : "unknown" });
		if (!isKnown) expect(problem).toMatchObject({ detail: expect.not.stringMatching(CLAIMS) });
	});
});

describe("every action whose plan cannot be read", () => {
	// A purchase is decided in the ledger; its outcomes are tested under "buying".
	test.each(everyAction.slice(1).flatMap(([name, act]) => [401, 404, 500, null].map((status) => [name, status, act] as const)))(
		"%s, with %s, sends nothing and says that nothing has changed",
		async (_, status, act) => {
			ledger.billing.mockResolvedValue({ kind: "failed", status, late: status === null });
			expect(await told(() => act(user))).toMatchObject({ outcome: "unchanged" });
			expectNothingDone();
		},
	);
});

describe("every page of the provider that cannot be opened", () => {
	const OPENING = [
		["addCard", account.addCard, () => addCard(request, user, "sub_1", pages), "add-card"],
		["activatePlan", account.activatePlan, () => activatePlan(request, user, "sub_1", pages), "activate"],
	] as const;
	test.each(
		OPENING.flatMap(([name, call, act, action]) =>
			EVERY_FAILURE.map(([what, error]) => [name, what, { call, act, error, action }] as const),
		),
	)("%s, with %s, has charged nothing", async (_name, _what, { call, act, error, action }) => {
		call.mockRejectedValueOnce(error);
		const problem = await told(act);
		expect(problem).toMatchObject({ outcome: "unchanged" });
		if (problem !== "done" && problem.code !== "plan-has-changed") expect(problem.detail).toBe(sentenceOf(action, "unchanged"));
	});
});

test("no message for an unknown outcome claims that nothing happened, and each says that the page will update", () => {
	for (const action of ["cancel", "resume", "change"] as const) {
		expect(sentenceOf(action, "unknown")).not.toMatch(CLAIMS);
		expect(sentenceOf(action, "unknown")).toMatch(/do not know yet.+checking.+this page will show/i);
	}
});

describe("one account", () => {
	test.each([
		...everyAction.slice(1),
		["openPortal", (who: User) => openPortal(request, who)] as [string, (who: User) => Promise<unknown>],
	])("%s over the limit per minute is refused with Retry-After before any provider call", async (_, act) => {
		ledger.takeAction.mockResolvedValue(12_300);
		await expect(act(user)).rejects.toMatchObject({
			code: "too-many-billing-requests",
			outcome: "unchanged",
			headers: { "retry-after": "13" },
		});
		expect(ledger.billing).not.toHaveBeenCalled();
		expect(account.openPortal).not.toHaveBeenCalled();
		expectNothingDone();
	});

	test("can always view its plan, which comes from a copy", async () => {
		ledger.takeAction.mockResolvedValue(12_300);
		expect(await readBilling(user)).toMatchObject({ plans: [plan] });
		expect(ledger.billing).toHaveBeenCalledExactlyOnceWith("user:ada", "page");
	});
});

test("activating a plan that waits for a card makes the ledger wait for that plan", async () => {
	account.readBilling.mockResolvedValue({ ...billing([]), waiting: { ...plan, id: "sub_waiting" } });
	expect(await activatePlan(request, user, "sub_waiting", pages)).toEqual({ id: "cs_plan", url: "https://pay.example/plan" });
	expect(ledger.noteActivation).toHaveBeenCalledExactlyOnceWith("user:ada");
});
