import { NAME_RULE } from "../../name-rule.ts";
import type { Role } from "../../view/identity.ts";
import { postToAuth } from "../session/auth-request.ts";

/** Why a request failed. `isBehind`: the server refused it, perhaps for a reason that the page does not show yet. */
interface Refusal {
	text: string;
	isBehind: boolean;
}

/** Resolves to undefined when the request was done. */
type Result = Promise<Refusal | undefined>;

const sentences: Record<string, string> = {
	YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS: "An account can be in ten organizations at most. Leave one of them first.",
	USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION: "They are in your organization already.",
	INVALID_NAME: NAME_RULE,
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

/** Reloads the page's data after a request, and resolves to a sentence when it failed. Does not reload when the server did not decide. */
export async function thenReload(result: Result, reload: () => Promise<void>): Promise<string | undefined> {
	const refusal = await result;
	if (!refusal || refusal.isBehind) await reload();
	return refusal?.text;
}

/** Sets who pays for the viewer: an organization, or null for the viewer. */
export const setPayer = (organizationId: string | null): Result => post("set-active", { organizationId });

/** Creates an organization. Who pays stays as it is. Idempotent for the same `slug`. */
export const createOrganization = (name: string, slug: string): Result =>
	post("create", { name, slug, keepCurrentActiveOrganization: true }, "ORGANIZATION_ALREADY_EXISTS");

/** Mails an invitation. */
export const invite = (organizationId: string, email: string, role: Role): Result => post("invite-member", { organizationId, email, role });

/** Cancels an open invitation: its link stops working. */
export const cancelInvitation = (invitationId: string): Result => post("cancel-invitation", { invitationId });

/** Joins an organization and makes it the viewer's payer. */
export const acceptInvitation = (invitationId: string): Result => post("accept-invitation", { invitationId });

/** Declines an invitation, which cannot be accepted afterwards. */
export const declineInvitation = (invitationId: string): Result => post("reject-invitation", { invitationId });

/** Gives a member another role. */
export const changeRole = (organizationId: string, memberId: string, role: Role): Result =>
	post("update-member-role", { organizationId, memberId, role });

/** Removes a member. Their later requests use their own allowance. */
export const removeMember = (organizationId: string, memberId: string): Result =>
	post("remove-member", { organizationId, memberIdOrEmail: memberId });

/** Limits the requests of each member in a billing period; null for the default. */
export const limitEachMember = (organizationId: string, requestsPerMember: number | null): Result =>
	post("update", { organizationId, data: { requestsPerMember } });

/** Leaves an organization and makes the viewer their own payer. */
export const leave = (organizationId: string): Result => post("leave", { organizationId });

/** `doneCode`: the error code that means the request was done before. */
async function post(path: string, body: object, doneCode?: string): Result {
	const result = await postToAuth(`organization/${path}`, body);
	if (result.kind === "done" || result.code === doneCode) return;
	const isNotTheirs = result.code.startsWith("YOU_ARE_NOT_ALLOWED");
	const text = isNotTheirs ? "This is up to the owners and admins of the organization." : (sentences[result.code] ?? result.text);
	return { text, isBehind: result.kind === "refused" };
}
