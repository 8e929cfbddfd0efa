import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { sign } from "./signature.ts";
import { type GuestKey, kindOf, type UserKey } from "./subject-key.ts";

/*
 * A page names the viewer that it was loaded for with each request. The cookies may belong to someone else by then, who signed in or out in another
 * tab: their chats must not appear on this page, nor its messages in theirs. Clients that are no page of ours send no tag.
 */

/** The request header with the tag of the page's viewer. On a refusal, the response header with what has become of the viewer. */
export const PAGE_HEADER = "parley-viewer";

/** Names a viewer on their own pages without revealing the key, which is a guest's only secret but for its signature. */
export function viewerTag(key: UserKey | GuestKey): string {
	return `${kindOf(key)}.${sign(`viewer ${key}`, config().authSecret).slice(0, 22)}`;
}

/**
 * Refuses a request from a page of another viewer.
 * @param viewer whom the cookies name; null for a guest without a cookie, who can read and spend nothing of a guest before
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
