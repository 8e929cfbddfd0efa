import type { BillingView, PlanStanding, PlanView, PricingView } from "../../view/billing.ts";
import type { FileLimit, ModelOption } from "../../view/chat.ts";
import type { MemberView, OrganizationView, Viewer } from "../../view/identity.ts";
import type { Shell } from "../../view/shell.ts";
import type { UsageDay, UsageView } from "../../view/usage.ts";

const window = { start: null, end: null };

/** A guest with two of five requests used. */
export const guestUsage: UsageView = {
	tier: "guest",
	limit: 5,
	used: 2,
	held: 0,
	remaining: 3,
	topUps: 0,
	freeDay: null,
	window,
	resetAt: null,
	unverified: false,
	checkoutOpen: false,
};

/** A user without a plan, with nothing used today. */
export const freeUsage: UsageView = { ...guestUsage, tier: "free", limit: 20, used: 0, remaining: 20, resetAt: "2026-11-22T00:00:00Z" };

/** A user on a plan of 1,000 requests with 400 used. */
export const paidUsage: UsageView = {
	...guestUsage,
	tier: "paid",
	limit: 1000,
	used: 400,
	remaining: 600,
	resetAt: "2026-12-01T00:00:00Z",
};

/** The usage of one model on one day. */
export const usageDay = (one: Pick<UsageDay, "day" | "model" | "units"> & Partial<UsageDay>): UsageDay => ({
	requests: one.units,
	inputTokens: 100 * one.units,
	cachedInputTokens: 0,
	outputTokens: 10 * one.units,
	reasoningTokens: 0,
	estimatedRequests: 0,
	...one,
});

/** The same balance with no requests left. */
export const spent = (usage: UsageView): UsageView => ({ ...usage, used: usage.limit, remaining: 0, topUps: 0 });

/** A balance paid by the organization Acme, of which the viewer may use `limit` requests. */
export const ofAcme = (usage: UsageView, { mayBuy = false, limit = null as number | null, used = 0, held = 0 } = {}): UsageView => ({
	...usage,
	organization: { name: "Acme", mayBuy, member: { limit, used, held } },
});

type User = Viewer & { kind: "user" };

export const ada: User = { kind: "user", id: "u1", name: "Ada", email: "ada@example.com", emailVerified: true, organization: null };

/** Ada acting for Acme. */
export const adaOfAcme = (mayBuy: boolean): User => ({ ...ada, organization: { id: "o1", name: "Acme", mayBuy } });

export const fileLimit: FileLimit = { count: 3, bytes: 2 * 1024 * 1024 };

/** A page frame for a viewer, by default on a server that sells plans. */
export const shellOf = (viewer: Viewer, usage: UsageView, billing: Shell["billing"] = { sells: true, hasBrowserSdk: false }): Shell => ({
	viewer,
	usage,
	chats: [],
	olderChats: null,
	folders: [],
	readAt: "2026-11-29T10:00:00.000Z",
	models: [modelOf("m")],
	search: null,
	demo: false,
	billing,
	freeLimit: 20,
	files: { guest: fileLimit, free: fileLimit, paid: fileLimit },
	instructions: { site: 0, own: 0 },
	keptDays: null,
	suggestedPrompts: [],
	mailboxUrl: null,
});

export const pro: PlanView = {
	priceSlug: "pro_monthly",
	name: "Pro",
	description: null,
	amountCents: 2000,
	currency: "usd",
	interval: "month",
	requests: 1000,
	features: ["Priority support"],
	trialDays: 0,
	kind: "subscription",
	current: false,
};

export const max: PlanView = { ...pro, priceSlug: "max_monthly", name: "Max", amountCents: 5000, requests: 5000, features: [] };

export const lite: PlanView = { ...pro, priceSlug: "lite_monthly", name: "Lite", amountCents: 500, requests: 200, features: [] };

export const topUp: PlanView = {
	...pro,
	priceSlug: "top_up",
	name: "Top-up",
	amountCents: 999,
	interval: null,
	requests: 500,
	kind: "top-up",
};

export const pricingOf = (...plans: PlanView[]): PricingView => ({
	guestLimit: 5,
	freeLimit: 20,
	topUpsOutlivePlan: true,
	plans,
	unavailable: false,
});

/** An active Pro plan that renews on 1 December. */
export const proStanding: PlanStanding = {
	id: "sub_1",
	name: "Pro",
	state: "active",
	price: { slug: "pro_monthly", amountCents: 2000, currency: "usd", interval: "month" },
	periodEnd: "2026-12-01T00:00:00Z",
	trialEnd: null,
	endsAt: null,
	invoice: null,
	paused: false,
	live: true,
	balance: null,
	next: null,
};

export const billingOf = (...plans: PlanStanding[]): BillingView => ({
	plans,
	waiting: null,
	paymentMethods: [],
	invoices: [],
	portalUrl: null,
	topUpsOutlivePlan: true,
});

const member = (id: string, role: MemberView["role"], isYou = false): MemberView => ({
	id,
	name: id,
	email: `${id.toLowerCase()}@example.com`,
	role,
	isYou,
});

/** Acme as one of its members sees it: You with `role`, Olga (owner), Alan (admin) and Mia (member). */
export const acmeFor = (role: MemberView["role"]): OrganizationView => ({
	id: "o1",
	name: "Acme",
	role,
	requestsPerMember: null,
	deletesAt: null,
	members: [member("You", role, true), member("Olga", "owner"), member("Alan", "admin"), member("Mia", "member")],
	invitations: [],
});

/** A model of one request a step. */
export const modelOf = (id: string, more: Partial<ModelOption> = {}): ModelOption => ({
	id,
	label: "Model",
	description: null,
	weight: 1,
	efforts: {},
	inputStep: 8_000,
	maxOutput: 4_000,
	contextWindow: 128_000,
	accepts: ["text"],
	tiers: ["guest", "free", "paid"],
	...more,
});
