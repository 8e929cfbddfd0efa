import { nameRule } from "../../name-rule.ts";
import { t } from "../../text/text.ts";
import type { Role } from "../../view/identity.ts";
import { postToAuth } from "../session/auth-request.ts";

/** Why a request failed. `isBehind`: the server refused it, perhaps for a reason that the page does not show yet. */
interface Refusal {
	text: string;
	isBehind: boolean;
}

/** Resolves to undefined on success. */
type Result = Promise<Refusal | undefined>;

const sentences = (): Record<string, string> => ({
	YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS: t("org_ten_at_most"),
	USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION: t("org_is_in_already"),
	INVALID_NAME: nameRule(),
	INVALID_EMAIL: t("auth_not_an_email"),
	EMAIL_NOT_VERIFIED: t("org_confirm_before_inviting"),
	INVITATION_LIMIT_REACHED: t("org_hundred_invitations"),
	INVITATION_NOT_FOUND: t("org_not_open"),
	YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION: t("org_sent_elsewhere"),
	EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION: t("auth_confirm_first"),
	ORGANIZATION_MEMBERSHIP_LIMIT_REACHED: t("org_hundred_members"),
	YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER: t("org_needs_owner"),
	MEMBER_NOT_FOUND: t("org_not_member"),
	USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION: t("org_you_not_member"),
	UNAUTHORIZED: t("auth_signed_out"),
});

/** Reloads the page's data after a request, and resolves to an error message on failure. Does not reload if the server did not decide. */
export async function thenReload(result: Result, reload: () => Promise<void>): Promise<string | undefined> {
	const refusal = await result;
	if (!refusal || refusal.isBehind) await reload();
	return refusal?.text;
}

/** Sets the viewer's payer: an organization, or null for the viewer. */
export const setPayer = (organizationId: string | null): Result => post("set-active", { organizationId });

/** Creates an organization without changing the payer. Idempotent for the same `slug`. */
export const createOrganization = (name: string, slug: string): Result =>
	post("create", { name, slug, keepCurrentActiveOrganization: true }, "ORGANIZATION_ALREADY_EXISTS");

/** Mails an invitation. */
export const invite = (organizationId: string, email: string, role: Role): Result => post("invite-member", { organizationId, email, role });

/** Cancels an open invitation, so that its link stops working. */
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

/** Limits each member's requests per billing period. Null for the default. */
export const limitEachMember = (organizationId: string, requestsPerMember: number | null): Result =>
	post("update", { organizationId, data: { requestsPerMember } });

/** Leaves an organization and makes the viewer their own payer. */
export const leave = (organizationId: string): Result => post("leave", { organizationId });

/** `doneCode`: the error code for a request that was already done. */
async function post(path: string, body: object, doneCode?: string): Result {
	const result = await postToAuth(`organization/${path}`, body);
	if (result.kind === "done" || result.code === doneCode) return;
	const isNotTheirs = result.code.startsWith("YOU_ARE_NOT_ALLOWED");
	const text = isNotTheirs ? t("org_up_to_owners") : (sentences()[result.code] ?? result.text);
	return { text, isBehind: result.kind === "refused" };
}
