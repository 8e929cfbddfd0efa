import { env } from "cloudflare:workers";
import { legal, legalTexts } from "virtual:brand";
import { createServerFn } from "@tanstack/react-start";
import { getRequest, setResponseStatus } from "@tanstack/react-start/server";
import { z } from "zod";
import { config } from "../../config.ts";
import { ID } from "../../input.ts";
import type { OwnInstructions } from "../../instructions.ts";
import { language } from "../../text/reader.ts";
import type { ApiKeyView } from "../../view/api-key.ts";
import type { PlanView, PricingView } from "../../view/billing.ts";
import type { ConfirmationView, InvitationView, LeavingView, OrganizationsView, Viewer } from "../../view/identity.ts";
import type { LegalView } from "../../view/legal.ts";
import type { Share, SharedChatView } from "../../view/share.ts";
import type { UsageHistory } from "../../view/usage.ts";
import { getUsageHistory } from "../billing.ts";
import { isShareId } from "../chat/share-id.ts";
import { apiKeysFor, apiKeysOf } from "../identity/api-keys.ts";
import { readConfirmation } from "../identity/confirmation.ts";
import { tellsUsageOf } from "../identity/email/settings.ts";
import { invitationFor, organizationsOf } from "../identity/organization.ts";
import { leavingSession } from "../identity/session.ts";
import { assertOwnPage, customerOf, identify, type Subject, userOf } from "../identity/subject.ts";
import { viewerOf } from "../identity/viewer.ts";
import { capabilities } from "../payments/provider.ts";
import { visitorPrices } from "../payments/visitor-prices.ts";
import { now } from "../time/clock.ts";
import { input } from "./server-functions.ts";

// The data of every page but the chat's (pages.ts), whose scripts must not carry these functions.

/** A customer waits at most this long for their own offers. */
const OWN_OFFERS_AWAITED_MS = 2_000;

/** What the billing provider sells, with the viewer's own plan marked. No visitor waits for the provider, and a customer at most 2 s. */
export const loadPricing = createServerFn({ method: "GET" }).handler(async (): Promise<PricingView> => {
	const { limits } = config();
	const plans = await plansFor(await identify(getRequest()));
	const { topUpsOutlivePlan } = capabilities();
	return {
		guestLimit: limits.guest,
		freeLimit: limits.free,
		topUpsOutlivePlan,
		plans: plans ?? [],
		unavailable: plans === null,
	};
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

/** Whether the viewer is told by mail of 80 % and 100 % used; null for a guest. */
export const loadTellsUsage = createServerFn({ method: "GET" }).handler(async (): Promise<boolean | null> => {
	const user = await userOf(getRequest());
	return user && tellsUsageOf(user.userId);
});

/** The account of whoever has signed in while it is being deleted; null for everyone else. */
export const loadLeaving = createServerFn({ method: "GET" }).handler(async (): Promise<LeavingView | null> => {
	const request = getRequest();
	const found = await leavingSession(request);
	if (!found) {
		await assertOwnPage(request);
		return null;
	}
	const { user, leaving } = found;
	return { email: user.email, dueAt: leaving.dueAt.toISOString(), plan: leaving.plan, isDue: leaving.dueAt.getTime() <= now() };
});

/** What the viewer tells every model. */
export const loadInstructions = createServerFn({ method: "GET" }).handler(async (): Promise<OwnInstructions> => {
	return (await userOf(getRequest()))?.instructions ?? { about: "", answer: "" };
});

/** The viewer's API keys. */
export const loadKeys = createServerFn({ method: "GET" }).handler(async (): Promise<ApiKeyView[]> => {
	const user = await userOf(getRequest());
	return user ? apiKeysOf(user.userId) : [];
});

/** The viewer's organizations, and the members and keys of one of them: of the one that is named, if it is theirs. */
export const loadOrganizations = createServerFn({ method: "GET" })
	.validator(input(z.string().max(128).optional()))
	.handler(async ({ data }): Promise<{ organizations: OrganizationsView; keys: ApiKeyView[] }> => {
		const user = await userOf(getRequest());
		if (!user) return { organizations: { mine: [], payer: null, shown: null }, keys: [] };
		const organizations = await organizationsOf(user.userId, user.organization?.organizationId ?? null, data);
		return { organizations, keys: organizations.shown ? await apiKeysFor(user.userId, organizations.shown) : [] };
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

/** A legal page in the reader's language; null where the brand has none. */
export const loadLegal = createServerFn({ method: "GET" })
	.validator(input(z.enum(["imprint", "privacy", "terms"])))
	.handler(async ({ data }): Promise<LegalView | null> => {
		const own = legalTexts[data]?.[language()];
		const address = legal[data];
		if (own) return own;
		return address === null ? null : { title: null, text: null, address };
	});

/** A shared chat, for everyone with its link; null where nothing is shared. One that the operator has taken down, or whose owner's account is deleted, is 410. */
export const loadShared = createServerFn({ method: "GET" })
	.validator(input(z.string().max(64)))
	.handler(async ({ data }): Promise<SharedChatView | "taken-down" | "gone" | null> => {
		const chat = isShareId(data) ? await env.SHARED_CHAT.getByName(data).view() : null;
		if (chat === "taken-down" || chat === "gone") setResponseStatus(410);
		return chat;
	});

/** The chats that the viewer shares; null for a guest, who cannot share any. */
export const loadShares = createServerFn({ method: "GET" }).handler(async (): Promise<{ viewer: Viewer; shares: Share[] } | null> => {
	const user = await userOf(getRequest());
	return user && { viewer: viewerOf(user), shares: await env.SHARE_LIST.getByName(user.key).list() };
});
