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

// The data of every page except the chat's (pages.ts), whose scripts must not include these functions.

/** How long a customer waits for their own offers. */
const OWN_OFFERS_AWAITED_MS = 2_000;

/** The plans for sale, with the viewer's own marked. Visitors never wait for the provider, and customers at most 2 s. */
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

/** The daily requests of a free account, shown on the sign-up page without calling a provider. */
export const loadFreeLimit = createServerFn({ method: "GET" }).handler(async (): Promise<{ freeLimit: number }> => {
	return { freeLimit: config().limits.free };
});

/** The viewer's own offers, or else those for every visitor. Null if neither was ever read. */
async function plansFor(subject: Subject): Promise<PlanView[] | null> {
	if (subject.kind === "guest" || !capabilities().sells) return visitorPrices();
	const { key } = customerOf(subject);
	const own = env.USAGE_LEDGER.getByName(key).billing(key, "page");
	const billing = await Promise.race([own, scheduler.wait(OWN_OFFERS_AWAITED_MS)]);
	return billing?.kind === "read" ? billing.answer.offers : visitorPrices();
}

/** Usage in the last 31 days, by the viewer or the organization whose plan they manage. */
export const loadUsageHistory = createServerFn({ method: "GET" }).handler(async (): Promise<UsageHistory> => {
	return getUsageHistory(await identify(getRequest()));
});

/** Whether the viewer is mailed at 80 % and 100 % usage; null for a guest. */
export const loadTellsUsage = createServerFn({ method: "GET" }).handler(async (): Promise<boolean | null> => {
	const user = await userOf(getRequest());
	return user && tellsUsageOf(user.userId);
});

/** The viewer's account if it is being deleted; otherwise null. */
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

/** The viewer's instructions to every model. */
export const loadInstructions = createServerFn({ method: "GET" }).handler(async (): Promise<OwnInstructions> => {
	return (await userOf(getRequest()))?.instructions ?? { about: "", answer: "" };
});

/** The viewer's API keys. */
export const loadKeys = createServerFn({ method: "GET" }).handler(async (): Promise<ApiKeyView[]> => {
	const user = await userOf(getRequest());
	return user ? apiKeysOf(user.userId) : [];
});

/** The viewer's organizations, with the members and keys of one of them: the named one, if it is theirs. */
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

/** The state of a confirmation link, for the page it opens in a browser not signed in to its account. */
export const loadConfirmation = createServerFn({ method: "GET" })
	.validator((token: string) => token)
	.handler(async ({ data }): Promise<ConfirmationView> => {
		const link = await readConfirmation(String(data));
		return link.state === "invalid" ? link : { state: link.state, email: link.user.email };
	});

/** A legal page in the reader's language; null if the brand has none. */
export const loadLegal = createServerFn({ method: "GET" })
	.validator(input(z.enum(["imprint", "privacy", "terms"])))
	.handler(async ({ data }): Promise<LegalView | null> => {
		const own = legalTexts[data]?.[language()];
		const address = legal[data];
		if (own) return own;
		return address === null ? null : { title: null, text: null, address };
	});

/**
 * A shared chat, for anyone with its link; null if nothing is shared. 410 if the operator has taken it down or its owner's
 * account is deleted.
 */
export const loadShared = createServerFn({ method: "GET" })
	.validator(input(z.string().max(64)))
	.handler(async ({ data }): Promise<SharedChatView | "taken-down" | "gone" | null> => {
		const chat = isShareId(data) ? await env.SHARED_CHAT.getByName(data).view() : null;
		if (chat === "taken-down" || chat === "gone") setResponseStatus(410);
		return chat;
	});

/** The viewer's shares; null for a guest, who cannot share. */
export const loadShares = createServerFn({ method: "GET" }).handler(async (): Promise<{ viewer: Viewer; shares: Share[] } | null> => {
	const user = await userOf(getRequest());
	return user && { viewer: viewerOf(user), shares: await env.SHARE_LIST.getByName(user.key).list() };
});
