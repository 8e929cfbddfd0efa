import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PlanStanding } from "../../view/billing.ts";
import type { User } from "../identity/subject.ts";
import { activatePlan, addCard, buy, cancel, changePlan, resume } from "./actions.ts";
import type { AccountPort, CustomerBilling, Offer } from "./port.ts";

// The actions of a browser, with a fake account at the provider and a fake ledger.

const { account, ledger } = vi.hoisted(() => ({
	account: {
		readBilling: vi.fn<AccountPort["readBilling"]>(),
		addCard: vi.fn<AccountPort["addCard"]>(async () => ({ id: "cs_card", url: "https://pay.example/card" })),
		activatePlan: vi.fn<NonNullable<AccountPort["activatePlan"]>>(async () => ({ id: "cs_plan", url: "https://pay.example/plan" })),
		openPortal: vi.fn<AccountPort["openPortal"]>(),
		cancelPlan: vi.fn<AccountPort["cancelPlan"]>(async () => "canceled"),
		resumePlan: vi.fn<AccountPort["resumePlan"]>(async () => "resumed"),
		changePlan: vi.fn<AccountPort["changePlan"]>(async () => ({ takesEffect: "now", answer: "changed" })),
	},
	ledger: { openCheckout: vi.fn(), refresh: vi.fn(async () => {}), noteActivation: vi.fn(async () => {}) },
}));

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
	vi.stubGlobal("scheduler", { wait: () => new Promise(() => {}) });
	account.readBilling.mockResolvedValue(billing([plan]));
});
afterEach(() => {
	vi.unstubAllGlobals();
	vi.clearAllMocks();
});

/** No call that changes or sells anything was made. */
function expectNothingDone() {
	for (const call of [account.addCard, account.activatePlan, account.cancelPlan, account.resumePlan, account.changePlan]) {
		expect(call).not.toHaveBeenCalled();
	}
	for (const call of [ledger.openCheckout, ledger.refresh, ledger.noteActivation]) expect(call).not.toHaveBeenCalled();
}

const everyAction: [string, (who: User) => Promise<unknown>][] = [
	["buy", (who) => buy(request, who, { priceSlug: "top_up_1000" })],
	["addCard", (who) => addCard(request, who, "sub_1", pages)],
	["activatePlan", (who) => activatePlan(request, who, "sub_1", pages)],
	["cancel", (who) => cancel(who, "sub_1", "now")],
	["resume", (who) => resume(who, "sub_1")],
	["changePlan", (who) => changePlan(who, "sub_1", { priceSlug: "pro_monthly" })],
];

describe("every action", () => {
	test.each(everyAction)("%s is refused to a member who may not buy", async (_, act) => {
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

	test("refuses return pages of another site before it calls anyone", async () => {
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
		ledger.openCheckout.mockResolvedValue(answer);
		return buy(request, user, {});
	};

	test("opens the ledger's one checkout for the default plan", async () => {
		expect(await opened({ kind: "open", id: "cs_1", url: "https://pay.example/cs_1" })).toEqual({
			id: "cs_1",
			url: "https://pay.example/cs_1",
		});
		expect(ledger.openCheckout).toHaveBeenCalledExactlyOnceWith(
			"user:ada",
			expect.objectContaining({
				customer: { id: "cus_1", externalId: "ada" },
				offer: expect.objectContaining({ priceSlug: "pro_monthly" }),
			}),
		);
	});

	test.each([
		[{ kind: "under-way" }, "payment-under-way"],
		[{ kind: "failed", status: 409 }, "already-subscribed"],
		[{ kind: "failed", status: 500 }, "billing-unavailable"],
		[{ kind: "failed", status: null }, "billing-unavailable"],
	])("turns %o into %s", async (answer, code) => {
		await expect(opened(answer)).rejects.toEqual(refused(code));
	});
});

describe("a change at the provider", () => {
	test("is read by the ledger before the answer", async () => {
		expect(await cancel(user, "sub_1", "period-end")).toBe("canceled");
		expect(account.cancelPlan).toHaveBeenCalledWith("ada", "sub_1", "period-end");
		expect(ledger.refresh).toHaveBeenCalledExactlyOnceWith("user:ada");
	});

	test("names only prices that are for sale", async () => {
		await expect(changePlan(user, "sub_1", { priceId: "price_internal" })).rejects.toEqual(refused("unknown-price"));
		await expect(changePlan(user, "sub_1", { priceSlug: "top_up_1000" })).rejects.toEqual(refused("unknown-price"));
		expectNothingDone();
	});

	test("changes the only plan when none is named", async () => {
		expect(await changePlan(user, undefined, { priceSlug: "pro_monthly" })).toEqual({ takesEffect: "now", answer: "changed" });
		expect(account.changePlan).toHaveBeenCalledWith("ada", "sub_1", expect.objectContaining({ priceSlug: "pro_monthly" }));
	});

	test("that fails triggers no read by the ledger", async () => {
		vi.spyOn(console, "error").mockImplementation(() => {});
		account.cancelPlan.mockRejectedValueOnce(new Error("socket closed"));
		await expect(cancel(user, "sub_1", "now")).rejects.toEqual(refused("billing-unavailable"));
		expect(ledger.refresh).not.toHaveBeenCalled();
	});
});

test("a plan that waits for a card is activated, and the ledger waits for it", async () => {
	account.readBilling.mockResolvedValue({ ...billing([]), waiting: { ...plan, id: "sub_waiting" } });
	expect(await activatePlan(request, user, "sub_waiting", pages)).toEqual({ id: "cs_plan", url: "https://pay.example/plan" });
	expect(ledger.noteActivation).toHaveBeenCalledExactlyOnceWith("user:ada");
});
