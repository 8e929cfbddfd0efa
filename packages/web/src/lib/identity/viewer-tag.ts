import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { sign } from "./signature.ts";
import { type GuestKey, kindOf, type UserKey } from "./subject-key.ts";

/*
 * A page sends a tag of the viewer it was loaded for with each request. By then the cookies may belong to someone else who signed in or out in another
 * tab. Their chats must not appear on this page, nor its messages in their chats. Clients other than our pages send no tag.
 */

/** The request header with the tag of the page's viewer. On a refusal, the response header with what has become of that viewer. */
export const PAGE_HEADER = "parley-viewer";

/** Identifies a viewer on their own pages without revealing the key, which, besides its signature, is a guest's only secret. */
export function viewerTag(key: UserKey | GuestKey): string {
	return `${kindOf(key)}.${sign(`viewer ${key}`, config().authSecret).slice(0, 22)}`;
}

/**
 * Refuses a request from a page of another viewer.
 * @param viewer the viewer the cookies identify; null for a guest without a cookie, who can read and spend nothing of an earlier guest
 * @throws {ProblemError} 409
 */
export function assertPageOf(request: Request, viewer: UserKey | GuestKey | null): void {
	const tag = request.headers.get(PAGE_HEADER);
	if (tag === null) return;
	const isUsersPage = tag.startsWith("user.");
	if (viewer === null ? !isUsersPage : tag === viewerTag(viewer)) return;
	if (isUsersPage && (viewer === null || kindOf(viewer) === "guest"))
		refuse("signed-in-as-someone-else", t("auth_signed_out"), { [PAGE_HEADER]: "signed-out" });
	const detail = isUsersPage ? t("problem_someone_signed_in") : t("problem_you_or_someone_signed_in");
	refuse("signed-in-as-someone-else", detail, { [PAGE_HEADER]: "someone-else" });
}
