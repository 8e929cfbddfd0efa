import { env } from "cloudflare:workers";
import { BOUND_OF_FORGIVENESS, WHO_PAYS } from "@parley/metering";
import { createServerFn } from "@tanstack/react-start";
import { appendResponseHeader, getRequest } from "@tanstack/react-start/server";
import { z } from "zod";
import { config } from "../../config.ts";
import type { PricingView } from "../../view/billing.ts";
import type { ChatView } from "../../view/chat.ts";
import type { InvitationView, OrganizationsView, Viewer } from "../../view/identity.ts";
import type { Shell } from "../../view/shell.ts";
import { getBillingSummary } from "../billing.ts";
import { allowedModels } from "../chat/model.ts";
import { moveGuestToAccount } from "../identity/guest-to-account.ts";
import { invitationFor, organizationsOf } from "../identity/organization.ts";
import { customerOf, endGuestCookie, guestCookie, guestOf, identify, type Subject, userOf } from "../identity/subject.ts";
import { checkoutOf } from "../payments/checkout.ts";
import { billingProvider } from "../payments/provider.ts";
import { logFailure } from "./log.ts";
import { refuse } from "./problem.ts";

const PRICING_TIMEOUT_MS = 2_000;

/** The frame of every page: who is asking, what is left, the own chats, the models. A new guest gets its cookie here, and no storage. */
export const loadShell = createServerFn({ method: "GET" }).handler(async (): Promise<Shell> => {
	const request = getRequest();
	const subject = await identify(request);
	await settleGuest(request, subject);
	const { billing, limits, model, mailboxUrl } = config();
	const [usage, chats] = await Promise.all([getBillingSummary(request, subject), env.CHAT_LIST.getByName(subject.key).list()]);
	return {
		viewer: viewerOf(subject),
		usage,
		chats,
		models: allowedModels(),
		demo: model.kind === "demo",
		billing: billing.kind,
		freeLimit: limits.free,
		mailboxUrl,
	};
});

/** One own chat with its messages; null when there is none of that id, or it is someone else's. */
export const loadChat = createServerFn({ method: "GET" })
	.validator((chatId: string) => chatId)
	.handler(async ({ data }): Promise<ChatView | null> => {
		if (!/^[A-Za-z0-9_-]{1,64}$/.test(data)) return null;
		const { key } = await identify(getRequest());
		return env.CONVERSATION.getByName(data).view(key);
	});

/** The plans as the billing provider has them, for this reader. */
export const loadPricing = createServerFn({ method: "GET" }).handler(async (): Promise<PricingView> => {
	const { limits } = config();
	const rows = Object.values(WHO_PAYS).map(({ happens, counted }) => ({ happens, counted }));
	const whoPays = { rows, bound: BOUND_OF_FORGIVENESS };
	const published = { guestLimit: limits.guest, freeLimit: limits.free, whoPays };
	try {
		const subject = await identify(getRequest());
		const customer = subject.kind === "user" ? customerOf(subject).externalId : null;
		const plans = await (await billingProvider()).readOffer(customer, PRICING_TIMEOUT_MS);
		return { ...published, plans, unavailable: false };
	} catch (error) {
		logFailure("the plans could not be read", error);
		return { ...published, plans: [], unavailable: true };
	}
});

/** Whom the reader may let pay, and who is in the organization that does. */
export const loadOrganizations = createServerFn({ method: "GET" }).handler(async (): Promise<OrganizationsView> => {
	const user = await userOf(getRequest());
	return user ? organizationsOf(user.userId, user.organization) : { mine: [], active: null };
});

/** An invitation for who opens its link. The session is read fresh: the address may have been confirmed in another browser just now. */
export const loadInvitation = createServerFn({ method: "GET" })
	.validator((invitationId: string) => invitationId)
	.handler(async ({ data }): Promise<{ invitation: InvitationView | null; viewer: Viewer; mailboxUrl: string | null }> => {
		const user = await userOf(getRequest(), { fresh: true });
		const invitation = /^[A-Za-z0-9_-]{1,64}$/.test(data) ? await invitationFor(data, user) : null;
		return { invitation, viewer: user ? viewerOf(user) : { kind: "guest" }, mailboxUrl: config().mailboxUrl };
	});

const path = z.string().max(2048);
const wanted = z.object({ priceSlug: z.string().max(128).optional(), successUrl: path, cancelUrl: path });

/**
 * Where to pay, for a page of ours that asks from its code (seed 002's action): without a price, for the Pro plan.
 * @throws as refusals do, "Email not verified" among them
 */
export const createCheckoutSession = createServerFn({ method: "POST" })
	.validator(wanted)
	.handler(async ({ data }): Promise<{ url: string }> => {
		const request = getRequest();
		const user = await userOf(request, { fresh: true });
		if (!user) refuse("not-signed-in", "Sign in to buy a plan.");
		const { url } = await checkoutOf(request, user, data);
		return { url };
	});

async function settleGuest(request: Request, subject: Subject): Promise<void> {
	if (subject.kind === "guest") {
		if (!subject.known) appendResponseHeader("set-cookie", guestCookie(request, subject.cookie));
		return;
	}
	// Left over when the move at sign-in was cut off.
	const guest = await guestOf(request);
	if (!guest) return;
	await moveGuestToAccount(guest.key, subject.key);
	appendResponseHeader("set-cookie", endGuestCookie(request));
}

function viewerOf(subject: Subject): Viewer {
	if (subject.kind === "guest") return { kind: "guest" };
	const { userId: id, name, email, emailVerified, organization: active } = subject;
	const organization = active && { id: active.organizationId, name: active.name, mayBuy: active.mayBuy };
	return { kind: "user", id, name, email, emailVerified, organization };
}
