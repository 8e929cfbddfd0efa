import { useRef, useState } from "react";
import type { OrganizationView, Role } from "../../view/identity.ts";
import { LocalTime } from "../frame/local-time.tsx";
import { FieldForm, type Outcome } from "./field-form.tsx";
import { andShow, cancelInvitation, invite } from "./organization-requests.ts";
import { rolesToGive } from "./roles.ts";
import { useKeptFocus } from "./use-kept-focus.ts";

interface InvitationsProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

/** Inviting by email, and the invitations that nobody has answered yet. */
export function Invitations({ organization: { id: organizationId, role, invitations }, onChanged }: InvitationsProps) {
	const section = useRef<HTMLElement>(null);
	const [cancelling, setCancelling] = useState(false);
	const [told, setTold] = useState<Outcome>({ done: "" });
	useKeptFocus(section, invitations.length);

	async function send(email: string, form: FormData): Promise<Outcome> {
		if (!/^\S+@\S+\.\S+$/.test(email)) return { problem: "Please write an email address, like ada@example.com." };
		const problem = await andShow(invite(organizationId, email, String(form.get("role")) as Role), onChanged);
		return problem ? { problem } : { done: `An invitation is on its way to ${email}.` };
	}

	async function cancel(invitationId: string, email: string) {
		if (cancelling) return;
		setCancelling(true);
		const problem = await andShow(cancelInvitation(invitationId), onChanged);
		setTold(problem ? { problem } : { done: `The invitation of ${email} is cancelled. Its link does not work any more.` });
		setCancelling(false);
	}

	return (
		<section ref={section} tabIndex={-1} aria-label="Invitations" className="outline-none">
			<FieldForm
				label="Invite by email"
				hint="They get a link that works for 7 days."
				input={{ type: "email", autoComplete: "off", maxLength: 254 }}
				beside={
					<select name="role" aria-label="Role" className="field w-auto" defaultValue="member">
						{rolesToGive(role).map((one) => (
							<option key={one}>{one}</option>
						))}
					</select>
				}
				action="Invite"
				onSubmit={send}
			/>
			{invitations.length > 0 && (
				<ul aria-label="Invited" className="mt-3 border-line border-t">
					{invitations.map(({ id, email, role: offered, expiresAt }) => (
						<li key={id} className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
							<div className="min-w-0 grow basis-48 wrap-anywhere">
								<p>
									{email} <span className="text-soft">· {offered}</span>
								</p>
								<p className="text-small text-soft">
									Invited; the link works until <LocalTime iso={expiresAt} form="day" />.
								</p>
							</div>
							<button
								type="button"
								className="button-bare -mx-2"
								aria-label={`Cancel the invitation of ${email}`}
								onClick={() => void cancel(id, email)}
							>
								Cancel
							</button>
						</li>
					))}
				</ul>
			)}
			<p role="status" className={`mt-2 text-small wrap-anywhere empty:hidden ${"problem" in told ? "text-warn" : "text-soft"}`}>
				{"problem" in told ? told.problem : told.done}
			</p>
		</section>
	);
}
