/** Scenarios about the app's own counts. They use its public API, as a user would. */
import { nanoid } from "nanoid";
import { createCheckoutSession } from "../billing/checkout/open.ts";
import { payCheckoutSession } from "../billing/checkout/pay.ts";
import { createCustomer, findCustomer } from "../billing/customers.ts";
import { Refusal } from "../billing/refusal.ts";
import { applyDue } from "../clock/apply-due.ts";
import type { World } from "../world.ts";
import { AppBrowser, seedPassword } from "./app-browser.ts";
import type { Scenario } from "./scenario.ts";

export const appScenarios: readonly Scenario[] = [
	{
		name: "guest-4-of-5",
		title: "Guest at 4 of 5",
		detail: "A new guest who has asked four times. This browser becomes that guest.",
		needsApp: true,
		play: async ({ appUrl }) => {
			const guest = new AppBrowser(appUrl);
			await guest.visit();
			await guest.chats(4);
			return { text: "A guest has asked 4 of 5 times.", cookies: guest.cookies };
		},
	},
	{
		name: "free-20-of-20",
		title: "Free user at 20 of 20",
		detail: "A new account that has asked twenty times today. This browser is signed in as it.",
		needsApp: true,
		play: async ({ appUrl }) => {
			const user = new AppBrowser(appUrl);
			const { email } = await user.signUp("Ada Free");
			await user.chats(20);
			return { text: `${email} (password "${seedPassword}") has asked 20 of 20 times today.`, cookies: user.cookies };
		},
	},
	{
		name: "organization-of-three",
		title: "Organization of three",
		detail: "An owner and two members who share one Pro plan. This browser is signed in as the owner.",
		needsApp: true,
		play: (world) => organizationOfThree(world),
	},
];

const mailWithinMs = 10_000;

/** A user with a confirmed address, which inviting and joining require. The app sends the link to this sandbox shortly after the sign-up. */
async function confirmedUser(world: World, name: string): Promise<{ browser: AppBrowser; email: string }> {
	const browser = new AppBrowser(world.appUrl);
	const { email } = await browser.signUp(name);
	const deadline = performance.now() + mailWithinMs;
	while (performance.now() < deadline) {
		const mail = world.state.mailbox.find(({ to }) => to === email);
		const link = /https?:\S+verify-email\S+/.exec(mail?.text ?? "")?.[0];
		if (link !== undefined) {
			await browser.confirm(email, link);
			return { browser, email };
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Refusal("BAD_REQUEST", `No confirmation mail for ${email} came here. Does the app send its mail to this sandbox (EMAIL_URL)?`);
}

/** Uses the routes of better-auth's organization plugin. The plan is bought here, for the organization's id. */
async function organizationOfThree(world: World) {
	const { browser: owner, email } = await confirmedUser(world, "Olga Owner");
	const slug = `seed-${nanoid(8).toLowerCase().replaceAll("_", "-")}`;
	const created = await owner.fetch("POST", "/api/auth/organization/create", { name: "Three of us", slug });
	const { id: organizationId } = (await created.json()) as { id: string };
	for (const name of ["Mia Member", "Max Member"]) {
		const { browser: member, email: joining } = await confirmedUser(world, name);
		const invitation = { email: joining, role: "member", organizationId };
		const invited = await owner.fetch("POST", "/api/auth/organization/invite-member", invitation);
		const { id: invitationId } = (await invited.json()) as { id: string };
		await member.fetch("POST", "/api/auth/organization/accept-invitation", { invitationId });
	}
	await owner.fetch("POST", "/api/auth/organization/set-active", { organizationId });

	const { state } = world;
	const nowMs = world.nowMs();
	const customer =
		findCustomer(state, organizationId) ??
		createCustomer(state, { externalId: organizationId, name: "Three of us", email }, nowMs).customer;
	const urls = { successUrl: world.appUrl, cancelUrl: world.appUrl };
	const session = createCheckoutSession(
		state,
		{ type: "product", priceSlug: "pro_monthly", customerExternalId: organizationId, ...urls },
		nowMs,
	);
	payCheckoutSession(state, session, "4242", nowMs);
	applyDue(state, nowMs);
	return {
		text: `${email} (password "${seedPassword}") owns "Three of us", which has Pro and two members.`,
		customerId: customer.id,
		cookies: owner.cookies,
	};
}
