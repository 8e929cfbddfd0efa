import { config } from "../../config.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { userOf } from "./subject.ts";

/**
 * Admits only users whose confirmed email is in ADMIN_EMAILS.
 * @throws {ProblemError} 401 or 403
 */
export async function assertAdmin(request: Request): Promise<void> {
	const user = await userOf(request);
	if (!user) refuse("unauthorized", t("problem_sign_in_first"));
	if (!user.emailVerified || !config().adminEmails.includes(user.email.toLowerCase())) refuse("not-allowed", t("problem_for_admins"));
}
