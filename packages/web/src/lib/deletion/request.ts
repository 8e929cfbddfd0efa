import { waitUntil } from "cloudflare:workers";
import { z } from "zod";
import { ID } from "../../input.ts";
import { instant } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { DeletionView } from "../../view/identity.ts";
import { ProblemError, refuse } from "../http/problem.ts";
import { sendEmail } from "../identity/email/send.ts";
import { ownedOrganization } from "../identity/organization.ts";
import { redirectReceipts } from "../identity/receipts.ts";
import { assertRecentProof } from "../identity/recent-proof.ts";
import { leavingSession } from "../identity/session.ts";
import type { User } from "../identity/subject.ts";
import { cancel, readForAction } from "../payments/actions.ts";
import { customersMailedTo } from "../payments/customers.ts";
import type { CustomerBilling } from "../payments/port.ts";
import { capabilities } from "../payments/provider.ts";
import { deleteOne } from "./delete.ts";
import { type Deletion, deletionOf, GRACE_DAYS, lockAccount, noteOrganization, onlyOwnedBy, withdraw } from "./deletions.ts";

/** The body of a deletion request for an account or organization. `plan`: when a plan that still runs is cancelled. */
export const deletionBody = z.strictObject({
	plan: z.enum(["now", "period-end"]).optional(),
	organizationId: z.string().regex(ID).optional(),
});

type Wish = z.infer<typeof deletionBody>;

/** What a deletion would remove, and what prevents it. */
export async function deletionViewFor(user: User, organizationId: string | undefined): Promise<DeletionView> {
	const customer = await customerIn(user, organizationId);
	const [billing, organizations, pending] = await Promise.all([
		billingOf(customer).catch(unreadOrThrow),
		organizationId === undefined ? onlyOwnedBy(user.userId) : [],
		organizationId === undefined ? null : deletionOf(organizationId),
	]);
	const plans = (billing?.plans ?? []).map(({ name, state, price, periodEnd, endsAt }) => ({
		name,
		state,
		price,
		endsAt: endsAt ?? periodEnd,
	}));
	return { organizations, plans, isUnread: billing === null, graceDays: GRACE_DAYS, dueAt: pending?.dueAt.toISOString() ?? null };
}

/**
 * Requests the deletion of an account or organization. The plan is cancelled first: if that fails, the deletion stops with nothing else
 * changed.
 * @returns when it is deleted, ISO 8601; null for an organization that is deleted already
 * @throws {ProblemError} 403 without a recent proof, 409 if a choice or another owner is missing, or the billing provider's failure
 */
export async function requestDeletion(request: Request, user: User, { plan, organizationId }: Wish): Promise<string | null> {
	await assertRecentProof(request);
	const customer = await customerIn(user, organizationId);
	if (organizationId === undefined) await assertOwnsNone(user.userId);
	const ended = await endPlans(customer, plan);
	if (organizationId !== undefined) return deleteOrganization(organizationId, ended);
	const mailed = (await customersMailedTo(user.userId)).filter((id) => id !== user.userId);
	const dueAt = await lockAccount(user.userId, ended.plan, ended.endsAtMs).catch(refuseOwner);
	waitUntil(redirectReceipts(mailed));
	waitUntil(mailDeletion(request, user, dueAt));
	return dueAt.toISOString();
}

/**
 * Keeps the account of the request's session, or an organization of the user's.
 * @throws {ProblemError} 404 if no deletion is pending, or it is in progress
 */
export async function keepAccount(request: Request): Promise<void> {
	const found = await leavingSession(request);
	if (!found || !(await withdraw(found.user.id))) refuse("not-found", t("deletion_none"));
}

/** @throws {ProblemError} like `keepAccount` */
export async function keepOrganization(user: User, organizationId: string): Promise<void> {
	await customerIn(user, organizationId);
	if (!(await withdraw(organizationId))) refuse("not-found", t("deletion_none"));
}

/** The customer whose plan ends: the user, or the organization they own. @throws {ProblemError} 403 */
async function customerIn(user: User, organizationId: string | undefined): Promise<User> {
	if (organizationId === undefined) return { ...user, organization: null };
	const organization = await ownedOrganization(user.userId, organizationId);
	return organization ? { ...user, organization } : refuse("only-for-owners", t("org_owners_decide"));
}

const billingOf = async (customer: User): Promise<Pick<CustomerBilling, "plans" | "waiting"> | null> =>
	capabilities().sells ? readForAction(customer) : { plans: [], waiting: null };

function unreadOrThrow(error: unknown): null {
	if (!(error instanceof ProblemError)) throw error;
	return null;
}

interface Ended {
	plan: Deletion["plan"];
	/** End of a plan that was cancelled at the end of its period. */
	endsAtMs: number | null;
}

/** Cancels each plan as chosen. @throws {ProblemError} if a choice is missing or the provider fails */
async function endPlans(customer: User, choice: Wish["plan"]): Promise<Ended> {
	const billing = await stoppedBy(() => billingOf(customer));
	const { plans, waiting } = billing ?? { plans: [], waiting: null };
	if (plans.length > 0 && choice === undefined) refuse("plan-choice-needed", t("deletion_choose"));
	// It waits for its first card, so nothing is lost with it.
	if (waiting) await stoppedBy(() => cancel(customer, waiting.id, "now"));
	if (plans.length === 0 || choice === undefined) return { plan: "none", endsAtMs: null };
	for (const plan of plans) if (choice === "now" || plan.state !== "ending") await stoppedBy(() => cancel(customer, plan.id, choice));
	const ends = plans.map(({ endsAt, periodEnd }) => Date.parse(endsAt ?? periodEnd ?? "")).filter(Number.isFinite);
	return { plan: choice, endsAtMs: choice === "now" ? null : Math.max(0, ...ends) };
}

/** Turns a provider failure into a problem saying that nothing was deleted. */
async function stoppedBy<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof ProblemError)) throw error;
		throw new ProblemError(error.code, `${error.detail} ${t("deletion_stopped")}`, error.headers, error.outcome);
	}
}

async function deleteOrganization(id: string, { plan, endsAtMs }: Ended): Promise<string | null> {
	const noted = await noteOrganization(id, plan, endsAtMs);
	const isGone = plan !== "period-end" && (await deleteOne(noted));
	return isGone ? null : noted.dueAt.toISOString();
}

async function assertOwnsNone(userId: string): Promise<void> {
	const owned = await onlyOwnedBy(userId);
	if (owned.length > 0)
		refuse("organization-needs-an-owner", t("deletion_owner", { organizations: owned.map(({ name }) => name).join(", ") }));
}

/** The other owner left at the same moment. */
function refuseOwner(error: unknown): never {
	for (let at = error; at instanceof Error; at = at.cause)
		if (/an organization has an owner/.test(at.message)) refuse("organization-needs-an-owner", t("org_needs_owner"));
	throw error;
}

/** Anyone at the keyboard could have requested it, so the owner of the mailbox can still keep the account. */
async function mailDeletion(request: Request, { userId, email }: User, dueAt: Date): Promise<void> {
	const { origin } = new URL(request.url);
	await sendEmail({
		to: email,
		userId,
		event: `deletion/${userId}/${dueAt.getTime()}`,
		origin,
		subject: t("mail_deletion_subject"),
		text: t("mail_deletion", { day: instant(dueAt.toISOString(), "date"), link: `${origin}/sign-in` }),
		action: t("mail_deletion_action"),
	});
}
