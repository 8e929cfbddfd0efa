import type { Role } from "../../view.ts";
import { randomId } from "../requests.ts";
import { askIdentity, type IdentityAnswer } from "../session/ask-identity.ts";

/** Resolves to a sentence when it could not be done. */
type Told = Promise<string | undefined>;

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

/** Whom the reader lets pay from now on; null for themselves. Renews the session's cookie, which is a copy of up to a minute. */
export async function letPay(organizationId: string | null): Told {
	return problemOf(await ask("set-active", { organizationId }));
}

/** Creates an organization that pays from now on, as soon as it has a plan. */
export async function createOrganization(name: string): Told {
	// Its address is shown nowhere.
	const answer = await ask("create", { name, slug: randomId() });
	if (answer.kind === "refused") return problemOf(answer);
	return letPay(idOf(answer.body));
}

export async function invite(organizationId: string, email: string, role: Role): Told {
	return problemOf(await ask("invite-member", { organizationId, email, role }));
}

export async function cancelInvitation(invitationId: string): Told {
	return problemOf(await ask("cancel-invitation", { invitationId }));
}

/** Joins an organization, which pays from now on. */
export async function acceptInvitation(invitationId: string, organizationId: string): Told {
	const problem = problemOf(await ask("accept-invitation", { invitationId }));
	return problem ?? letPay(organizationId);
}

export async function declineInvitation(invitationId: string): Told {
	return problemOf(await ask("reject-invitation", { invitationId }));
}

export async function changeRole(organizationId: string, memberId: string, role: Role): Told {
	return problemOf(await ask("update-member-role", { organizationId, memberId, role }));
}

export async function removeMember(organizationId: string, memberId: string): Told {
	return problemOf(await ask("remove-member", { organizationId, memberIdOrEmail: memberId }));
}

/** Null for no limit but the plan's. */
export async function limitEachMember(organizationId: string, requestsPerMember: number | null): Told {
	return problemOf(await ask("update", { organizationId, data: { requestsPerMember } }));
}

export async function leave(organizationId: string): Told {
	const problem = problemOf(await ask("leave", { organizationId }));
	return problem ?? letPay(null);
}

const ask = (path: string, body: object) => askIdentity(`organization/${path}`, body);

function problemOf(answer: IdentityAnswer): string | undefined {
	if (answer.kind === "done") return;
	if (answer.code.startsWith("YOU_ARE_NOT_ALLOWED")) return "This is up to the owners and admins of the organization.";
	return sentences[answer.code] ?? answer.text;
}

function idOf(body: unknown): string | null {
	return typeof body === "object" && body !== null && "id" in body ? String(body.id) : null;
}
