import { APIError } from "better-auth/api";

const NAME_CHARS_MAX = 100;
const REQUESTS_PER_MEMBER_MAX = 1_000_000;

/**
 * Bounds a user's name: it travels in the session cookie, and browsers drop cookies over 4 KiB.
 * @throws {APIError} 400
 */
export function assertUserName(name: string | undefined): void {
	if ((name?.length ?? 0) > NAME_CHARS_MAX)
		throw new APIError("BAD_REQUEST", { message: `A name may have at most ${NAME_CHARS_MAX} characters.` });
}

/**
 * Checks the fields of an organization that its owner may write. An absent field stays as it is; `requestsPerMember: null` lifts the cap.
 * @throws {APIError} 400
 */
export function assertOrganization({ name, requestsPerMember }: { name?: string; requestsPerMember?: unknown }): void {
	if (name !== undefined && name.trim() === "") throw new APIError("BAD_REQUEST", { message: "An organization needs a name." });
	assertUserName(name);
	if (requestsPerMember === undefined || requestsPerMember === null) return;
	const isCount =
		Number.isInteger(requestsPerMember) && Number(requestsPerMember) >= 1 && Number(requestsPerMember) <= REQUESTS_PER_MEMBER_MAX;
	if (!isCount) throw new APIError("BAD_REQUEST", { message: "Requests for each member are a whole number, at least 1." });
}

/**
 * Keeps people without a confirmed address from sending mail in our name to any address.
 * @throws {APIError} 403
 */
export function assertMayInvite({ emailVerified }: { emailVerified: boolean }): void {
	if (!emailVerified) throw new APIError("FORBIDDEN", { code: "EMAIL_NOT_VERIFIED", message: "Confirm your email address first." });
}
