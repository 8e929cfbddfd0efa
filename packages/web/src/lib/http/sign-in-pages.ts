import { createServerFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { z } from "zod";
import type { ProviderId } from "../../sign-in-providers.ts";
import type { EmailChangeView, MailLinkView, SecurityView } from "../../view/identity.ts";
import { readEmailChange } from "../identity/change-email.ts";
import { readMailLink } from "../identity/mail-proof.ts";
import { offeredProviders } from "../identity/oauth-providers.ts";
import { securityOf } from "../identity/security.ts";
import { session } from "../identity/session.ts";
import { userOf } from "../identity/subject.ts";
import { input } from "./server-functions.ts";

// Data of the sign-in and security pages.

/** The providers that the sign-in page offers. */
export const loadProviders = createServerFn({ method: "GET" }).handler(async (): Promise<ProviderId[]> => offeredProviders());

/** The viewer's sign-in methods; null for a guest. */
export const loadSecurity = createServerFn({ method: "GET" }).handler(async (): Promise<SecurityView | null> => {
	const request = getRequest();
	const user = await userOf(request);
	const here = await session(request);
	return user && here ? securityOf(user.userId, here.id) : null;
});

/** What a mail's link does. Reading it does not use it up, because mail programs open links too. */
export const loadMailLink = createServerFn({ method: "GET" })
	.validator(input(z.string().max(512)))
	.handler(async ({ data }): Promise<MailLinkView> => readMailLink(data));

/** What an email change link does. */
export const loadEmailChange = createServerFn({ method: "GET" })
	.validator(input(z.string().max(1024)))
	.handler(async ({ data }): Promise<EmailChangeView> => {
		const change = await readEmailChange(data);
		if (!change) return null;
		const { step, from, to, userId } = change;
		return { step, from, to, isHere: (await session(getRequest()))?.user.id === userId };
	});
