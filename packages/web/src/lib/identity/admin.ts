import { config } from "../../config.ts";
import { refuse } from "../http/problem.ts";
import { userOf } from "./subject.ts";

/**
 * Lets only users pass whose confirmed address is in ADMIN_EMAILS.
 * @throws {ProblemError} 401 or 403
 */
export async function assertAdmin(request: Request): Promise<void> {
	const user = await userOf(request);
	if (!user) refuse("unauthorized", "Sign in first.");
	if (!user.emailVerified || !config().adminEmails.includes(user.email.toLowerCase()))
		refuse("not-allowed", "This is for those who look after this server.");
}
