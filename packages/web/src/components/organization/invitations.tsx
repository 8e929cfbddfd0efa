import { useRef, useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { OrganizationView, Role } from "../../view/identity.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { FieldForm, type Outcome } from "./field-form.tsx";
import { cancelInvitation, invite, thenReload } from "./organization-requests.ts";
import { roleName, rolesToGive } from "./roles.ts";
import { useKeptFocus } from "./use-kept-focus.ts";

interface InvitationsProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

/** Inviting by email, and the invitations that are still open. */
export function Invitations({ organization: { id: organizationId, role, invitations }, onChanged }: InvitationsProps) {
	const section = useRef<HTMLElement>(null);
	const [cancelling, setCancelling] = useState(false);
	const [outcome, setOutcome] = useState<Outcome>({ done: "" });
	useKeptFocus(section, invitations.length);

	async function send(email: string, form: FormData): Promise<Outcome> {
		if (!/^\S+@\S+\.\S+$/.test(email)) return { problem: t("org_enter_email") };
		const problem = await thenReload(invite(organizationId, email, String(form.get("role")) as Role), onChanged);
		return problem ? { problem } : { done: t("org_invitation_sent", { email }) };
	}

	async function cancel(invitationId: string, email: string) {
		if (cancelling) return;
		setCancelling(true);
		const problem = await thenReload(cancelInvitation(invitationId), onChanged);
		setOutcome(problem ? { problem } : { done: t("org_invitation_cancelled", { email }) });
		setCancelling(false);
	}

	return (
		<section ref={section} tabIndex={-1} aria-label={t("org_invitations")} className="outline-none">
			<FieldForm
				label={t("org_invite_by_email")}
				hint={t("org_invite_hint")}
				input={{ type: "email", autoComplete: "off" }}
				beside={
					<select name="role" aria-label={t("org_role")} className="field w-auto" defaultValue="member">
						{rolesToGive(role).map((each) => (
							<option key={each} value={each}>
								{roleName(each)}
							</option>
						))}
					</select>
				}
				action={t("org_invite")}
				onSubmit={send}
			/>
			{invitations.length > 0 && (
				<ul aria-label={t("org_invited")} className="mt-3 border-line border-t">
					{invitations.map((invitation) => (
						<OpenInvitation key={invitation.id} {...invitation} onCancel={() => void cancel(invitation.id, invitation.email)} />
					))}
				</ul>
			)}
			<p role="status" className={`mt-2 text-small wrap-anywhere empty:hidden ${"problem" in outcome ? "text-warn" : "text-soft"}`}>
				{"problem" in outcome ? outcome.problem : outcome.done}
			</p>
		</section>
	);
}

type OpenInvitationProps = OrganizationView["invitations"][number] & { onCancel: () => void };

function OpenInvitation({ email, role, expiresAt, onCancel }: OpenInvitationProps) {
	return (
		<li className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
			<div className="min-w-0 grow basis-48 wrap-anywhere">
				<p>
					{email} <span className="text-soft">· {roleName(role)}</span>
				</p>
				<p className="text-small text-soft">{rich("org_link_until", { day: <LocalTime iso={expiresAt} form="day" /> })}</p>
			</div>
			<button type="button" className="button-bare -mx-2" aria-label={t("org_cancel_invitation", { email })} onClick={onCancel}>
				{t("frame_cancel")}
			</button>
		</li>
	);
}
