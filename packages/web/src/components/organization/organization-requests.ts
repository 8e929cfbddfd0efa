import type { Role } from "../../view/identity.ts";
import { askIdentity } from "../session/ask-identity.ts";

/** Why something was not done. `isBehind`: the server has decided so, by what the page may not show yet. */
interface Refusal {
	text: string;
	isBehind: boolean;
}

type Asked = Promise<Refusal | undefined>;

const sentences: Record<string, string> = {
	YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS: "An account can be in ten organizations at most. Leave one of them first.",
	USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION: "They are in your organization already.",
	INVALID_EMAIL: "This does not look like an email address.",
	EMAIL_NOT_VERIFIED: "Confirm your email address before you invite others: we have sent you a link.",
	INVITATION_LIMIT_REACHED: "A hundred invitations are open, and there can be no more. Cancel one first.",
	INVITATION_NOT_FOUND: "This invitation is not open any more.",
	YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION: "This invitation was sent to another address.",
	EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION: "Confirm your email address first: we have sent you a link.",
	ORGANIZATION_MEMBERSHIP_LIMIT_REACHED: "This organization has a hundred members, and there can be no more.",
	YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER: "An organization needs an owner. Make someone else an owner first.",
	MEMBER_NOT_FOUND: "They are not in this organization any more.",
	USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION: "You are not in this organization any more.",
	UNAUTHORIZED: "You are not signed in any more. Sign in and try again.",
};

/** Shows what became of a request, and resolves to a sentence when it was not done. Without an answer nothing is loaded: the page would go away. */
export async function andShow(asked: Asked, reload: () => Promise<void>): Promise<string | undefined> {
	const refusal = await asked;
	if (!refusal || refusal.isBehind) await reload();
	return refusal?.text;
}

/** Whom the reader lets pay from now on; null for themselves. */
export const letPay = (organizationId: string | null): Asked => ask("set-active", { organizationId });

/** Creates an organization that pays from now on, as soon as it has a plan. The same `slug` again is the same press again. */
export async function createOrganization(name: string, slug: string): Asked {
	const refusal = await ask("create", { name, slug }, "ORGANIZATION_ALREADY_EXISTS");
	if (!refusal) await renewCookie({ organizationSlug: slug });
	return refusal;
}

export const invite = (organizationId: string, email: string, role: Role): Asked => ask("invite-member", { organizationId, email, role });

export const cancelInvitation = (invitationId: string): Asked => ask("cancel-invitation", { invitationId });

/** Joins an organization, which pays from now on. */
export async function acceptInvitation(invitationId: string, organizationId: string): Asked {
	const refusal = await ask("accept-invitation", { invitationId });
	if (!refusal) await renewCookie({ organizationId });
	return refusal;
}

export const declineInvitation = (invitationId: string): Asked => ask("reject-invitation", { invitationId });

export const changeRole = (organizationId: string, memberId: string, role: Role): Asked =>
	ask("update-member-role", { organizationId, memberId, role });

export const removeMember = (organizationId: string, memberId: string): Asked =>
	ask("remove-member", { organizationId, memberIdOrEmail: memberId });

/** Null for no limit but the plan's. */
export const limitEachMember = (organizationId: string, requestsPerMember: number | null): Asked =>
	ask("update", { organizationId, data: { requestsPerMember } });

export async function leave(organizationId: string): Asked {
	const refusal = await ask("leave", { organizationId });
	if (!refusal) await renewCookie({ organizationId: null });
	return refusal;
}

/** The session says already who pays; its cookie is a copy of up to a minute. Should this fail, the copy runs out by itself. */
async function renewCookie(active: { organizationId: string | null } | { organizationSlug: string }): Promise<void> {
	await ask("set-active", active);
}

/** `done` is the code of a refusal that says that it was done before. */
async function ask(path: string, body: object, done?: string): Asked {
	const answer = await askIdentity(`organization/${path}`, body);
	if (answer.kind === "done" || answer.code === done) return;
	const isNotTheirs = answer.code.startsWith("YOU_ARE_NOT_ALLOWED");
	const text = isNotTheirs ? "This is up to the owners and admins of the organization." : (sentences[answer.code] ?? answer.text);
	return { text, isBehind: answer.kind === "refused" };
}
