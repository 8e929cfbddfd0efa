import { env } from "cloudflare:workers";
import { BOUND_OF_FORGIVENESS, WHO_PAYS } from "@parley/metering";
import { createServerFn } from "@tanstack/react-start";
import { appendResponseHeader, getRequest } from "@tanstack/react-start/server";
import { z } from "zod";
import { config } from "../../config.ts";
import { ID } from "../../input.ts";
import type { OwnInstructions } from "../../instructions.ts";
import type { PlanView, PricingView } from "../../view/billing.ts";
import type { ChatPage, ChatSummary, ChatView } from "../../view/chat.ts";
import type { ConfirmationView, InvitationView, OrganizationsView, Viewer } from "../../view/identity.ts";
import type { Shell } from "../../view/shell.ts";
import type { UsageHistory } from "../../view/usage.ts";
import { getBillingSummary, getUsageHistory } from "../billing.ts";
import { fileLimit } from "../chat/files/limits.ts";
import { instructionSizes } from "../chat/instructions.ts";
import { allowedModels, searchOffer } from "../chat/model.ts";
import { readConfirmation } from "../identity/confirmation.ts";
import { repeatMove, viewerOfPage } from "../identity/guest-to-account.ts";
import { invitationFor, organizationsOf } from "../identity/organization.ts";
import { customerOf, identify, type Subject, userOf } from "../identity/subject.ts";
import { viewerTag } from "../identity/viewer-tag.ts";
import { buy } from "../payments/actions.ts";
import { capabilities } from "../payments/provider.ts";
import { visitorPrices } from "../payments/visitor-prices.ts";
import { refuse } from "./problem.ts";
import { input } from "./server-functions.ts";

/** A customer waits at most this long for their own offers. */
const OWN_OFFERS_AWAITED_MS = 2_000;

/** What every page needs: the viewer, their usage and chats, and the models. Sets a new guest's cookie, but stores nothing for them. */
export const loadShell = createServerFn({ method: "GET" }).handler(async (): Promise<Shell> => {
	const request = getRequest();
	const subject = await viewerOfPage(request);
	await updateGuestCookie(request, subject);
	const { limits, models, mailboxUrl, suggestedPrompts } = config();
	const { sells, hasBrowserSdk } = capabilities();
	const [usage, { chats, next }] = await Promise.all([
		getBillingSummary(request, { subject }),
		env.CHAT_LIST.getByName(subject.key).list(),
	]);
	return {
		viewer: viewerOf(subject),
		usage,
		chats,
		olderChats: next,
		models: allowedModels(),
		search: searchOffer(),
		demo: models.kind === "demo",
		billing: { sells, hasBrowserSdk },
		freeLimit: limits.free,
		files: { guest: fileLimit("guest"), free: fileLimit("free"), paid: fileLimit("paid") },
		instructions: instructionSizes(subject),
		suggestedPrompts,
		mailboxUrl,
	};
});

const chatPage = z.object({ id: z.string(), before: z.number().int().optional(), seen: z.string().max(64).optional() });

/**
 * One of the viewer's chats with its newest messages, or those before the turn `before`; null if it does not exist or belongs to someone else.
 * `seen` is the last message that the page shows: a chat without a newer one comes without messages.
 */
export const loadChat = createServerFn({ method: "GET" })
	.validator(input(chatPage))
	.handler(async ({ data: { id, ...page } }): Promise<ChatView | null> => {
		if (!ID.test(id)) return null;
		const { key } = await identify(getRequest());
		return env.CONVERSATION.getByName(id).view(key, page);
	});

/** The viewer's chats after the page that ended at `next`. */
export const loadChats = createServerFn({ method: "GET" })
	.validator(input(z.string().max(128)))
	.handler(async ({ data }): Promise<ChatPage> => {
		const { key } = await identify(getRequest());
		return env.CHAT_LIST.getByName(key).list(data);
	});

/** The viewer's newest chats whose titles have each of these words. */
export const loadMatchingChats = createServerFn({ method: "GET" })
	.validator(input(z.string().max(128)))
	.handler(async ({ data }): Promise<ChatSummary[]> => {
		const { key } = await identify(getRequest());
		return env.CHAT_LIST.getByName(key).find(data);
	});

/** What the billing provider sells, with the viewer's own plan marked. No visitor waits for the provider, and a customer at most 2 s. */
export const loadPricing = createServerFn({ method: "GET" }).handler(async (): Promise<PricingView> => {
	const { limits } = config();
	const rows = Object.values(WHO_PAYS).map(({ happens, counted }) => ({ happens, counted }));
	const whoPays = { rows, bound: BOUND_OF_FORGIVENESS };
	const plans = await plansFor(await identify(getRequest()));
	return { guestLimit: limits.guest, freeLimit: limits.free, whoPays, plans: plans ?? [], unavailable: plans === null };
});

/** The requests a day of a free account, which the sign-up page shows without any provider. */
export const loadFreeLimit = createServerFn({ method: "GET" }).handler(async (): Promise<{ freeLimit: number }> => {
	return { freeLimit: config().limits.free };
});

/** The viewer's own offers, or else those of every visitor. Null when neither was ever read. */
async function plansFor(subject: Subject): Promise<PlanView[] | null> {
	if (subject.kind === "guest" || !capabilities().sells) return visitorPrices();
	const { key } = customerOf(subject);
	const own = env.USAGE_LEDGER.getByName(key).billing(key, "page");
	const billing = await Promise.race([own, scheduler.wait(OWN_OFFERS_AWAITED_MS)]);
	return billing?.kind === "read" ? billing.answer.offers : visitorPrices();
}

/** What was used on the last 31 days, by the viewer or by the organization whose plan they manage. */
export const loadUsageHistory = createServerFn({ method: "GET" }).handler(async (): Promise<UsageHistory> => {
	return getUsageHistory(await identify(getRequest()));
});

/** What the viewer tells every model. */
export const loadInstructions = createServerFn({ method: "GET" }).handler(async (): Promise<OwnInstructions> => {
	return (await userOf(getRequest()))?.instructions ?? { about: "", answer: "" };
});

/** The viewer's organizations, and the members of one of them: of the one that is named, if it is theirs. */
export const loadOrganizations = createServerFn({ method: "GET" })
	.validator(input(z.string().max(128).optional()))
	.handler(async ({ data }): Promise<OrganizationsView> => {
		const user = await userOf(getRequest());
		if (!user) return { mine: [], payer: null, shown: null };
		return organizationsOf(user.userId, user.organization?.organizationId ?? null, data);
	});

/** The invitation behind a link. */
export const loadInvitation = createServerFn({ method: "GET" })
	.validator(input(z.string()))
	.handler(async ({ data }): Promise<{ invitation: InvitationView | null; viewer: Viewer; mailboxUrl: string | null }> => {
		const user = await userOf(getRequest());
		const invitation = ID.test(data) ? await invitationFor(data, user) : null;
		return { invitation, viewer: user ? viewerOf(user) : { kind: "guest" }, mailboxUrl: config().mailboxUrl };
	});

/** What a confirmation link is worth, for the page that it opens where nobody is signed in to its account. */
export const loadConfirmation = createServerFn({ method: "GET" })
	.validator((token: string) => token)
	.handler(async ({ data }): Promise<ConfirmationView> => {
		const link = await readConfirmation(String(data));
		return link.state === "invalid" ? link : { state: link.state, email: link.user.email };
	});

const path = z.string().max(2048);
const order = z.object({ priceSlug: z.string().max(128).optional(), successUrl: path, cancelUrl: path });

/**
 * Opens a checkout and returns its URL (seed 002). Default: the Pro plan. Our own pages use `POST /api/billing/checkout`: a server function loses the reason of
 * a refusal on the way to the browser.
 * @public
 * @throws {ProblemError} if the viewer may not buy, for example before confirming their email address
 */
export const createCheckoutSession = createServerFn({ method: "POST" })
	.validator(input(order))
	.handler(async ({ data }): Promise<{ url: string }> => {
		const request = getRequest();
		const user = await userOf(request);
		if (!user) refuse("not-signed-in", "Sign in to buy a plan.");
		const { url } = await buy(request, user, data);
		return { url };
	});

async function updateGuestCookie(request: Request, subject: Subject): Promise<void> {
	if (subject.setCookie !== null) appendResponseHeader("set-cookie", subject.setCookie);
	if (subject.kind === "guest") return;
	for (const cookie of await repeatMove(request, subject.key)) appendResponseHeader("set-cookie", cookie);
}

function viewerOf(subject: Subject): Viewer {
	const tag = viewerTag(subject.key);
	if (subject.kind === "guest") return { kind: "guest", tag };
	const { userId: id, name, email, emailVerified, organization: active } = subject;
	const organization = active && { id: active.organizationId, name: active.name, mayBuy: active.mayBuy };
	return { kind: "user", tag, id, name, email, emailVerified, organization };
}
