import { env } from "cloudflare:workers";
import { prompts } from "virtual:brand";
import { createServerFn } from "@tanstack/react-start";
import { appendResponseHeader, getRequest } from "@tanstack/react-start/server";
import { z } from "zod";
import { config } from "../../config.ts";
import { ID } from "../../input.ts";
import { language } from "../../text/reader.ts";
import { t } from "../../text/text.ts";
import type { ChatPage, ChatView, FoundChats } from "../../view/chat.ts";
import type { Shell } from "../../view/shell.ts";
import { getBillingSummary } from "../billing.ts";
import { fileLimit } from "../chat/files/limits.ts";
import { instructionSizes } from "../chat/instructions.ts";
import { allowedModels, searchOffer } from "../chat/model.ts";
import { repeatMove, viewerOfPage } from "../identity/guest-to-account.ts";
import { assertRecentProof } from "../identity/recent-proof.ts";
import { identify, type Subject, userOf } from "../identity/subject.ts";
import { viewerOf } from "../identity/viewer.ts";
import { buy } from "../payments/actions.ts";
import { capabilities } from "../payments/provider.ts";
import { refuse } from "./problem.ts";
import { input } from "./server-functions.ts";

/** The data every page needs: the viewer, their usage and chats, and the models. Sets a new guest's cookie, but stores nothing for them. */
export const loadShell = createServerFn({ method: "GET" }).handler(async (): Promise<Shell> => {
	const request = getRequest();
	const subject = await viewerOfPage(request);
	await updateGuestCookie(request, subject);
	const { limits, models, mailboxUrl, suggestedPrompts, chatKeptDays } = config();
	const { sells, hasBrowserSdk } = capabilities();
	const [usage, { chats, next, folders }] = await Promise.all([
		getBillingSummary(request, { subject }),
		env.CHAT_LIST.getByName(subject.key).front(),
	]);
	return {
		viewer: viewerOf(subject),
		usage,
		keptDays: chatKeptDays[usage.tier],
		chats,
		olderChats: next,
		folders,
		readAt: new Date().toISOString(),
		models: allowedModels(),
		search: searchOffer(),
		demo: models.kind === "demo",
		billing: { sells, hasBrowserSdk },
		freeLimit: limits.free,
		files: { guest: fileLimit("guest"), free: fileLimit("free"), paid: fileLimit("paid") },
		instructions: instructionSizes(subject),
		suggestedPrompts: suggestedPrompts ?? prompts[language()],
		mailboxUrl,
	};
});

const chatPage = z.object({ id: z.string(), before: z.number().int().optional(), seen: z.string().max(64).optional() });

/**
 * One of the viewer's chats with its newest messages, or those before the turn `before`; null if it does not exist or belongs to someone else.
 * `seen` is the last message shown on the page: if there is none newer, the chat comes without messages.
 */
export const loadChat = createServerFn({ method: "GET" })
	.validator(input(chatPage))
	.handler(async ({ data: { id, ...page } }): Promise<ChatView | null> => {
		if (!ID.test(id)) return null;
		const { key } = await identify(getRequest());
		return env.CONVERSATION.getByName(id).view(key, page);
	});

/** The next page of the viewer's chats, after the one that ended at `next`. */
export const loadChats = createServerFn({ method: "GET" })
	.validator(input(z.string().max(128)))
	.handler(async ({ data }): Promise<ChatPage> => {
		const { key } = await identify(getRequest());
		return env.CHAT_LIST.getByName(key).list(data);
	});

/** The viewer's newest chats whose title or text contains all of these words. */
export const loadMatchingChats = createServerFn({ method: "GET" })
	.validator(input(z.string().max(128)))
	.handler(async ({ data }): Promise<FoundChats> => {
		const { key } = await identify(getRequest());
		return env.CHAT_LIST.getByName(key).find(data);
	});

const path = z.string().max(2048);
const order = z.object({ priceSlug: z.string().max(128).optional(), successUrl: path, cancelUrl: path });

/**
 * Opens a checkout and returns its URL (seed 002). Default: the Pro plan. Our own pages use `POST /api/billing/checkout`, because a server function
 * does not carry the reason of a refusal to the browser.
 * @public
 * @throws {ProblemError} if the viewer may not buy, for example before confirming their email address
 */
export const createCheckoutSession = createServerFn({ method: "POST" })
	.validator(input(order))
	.handler(async ({ data }): Promise<{ url: string }> => {
		const request = getRequest();
		const user = await userOf(request);
		if (!user) refuse("not-signed-in", t("problem_sign_in_to_buy"));
		await assertRecentProof(request);
		const { url } = await buy(request, user, data);
		return { url };
	});

async function updateGuestCookie(request: Request, subject: Subject): Promise<void> {
	if (subject.setCookie !== null) appendResponseHeader("set-cookie", subject.setCookie);
	if (subject.kind === "guest") return;
	for (const cookie of await repeatMove(request, subject.key)) appendResponseHeader("set-cookie", cookie);
}
