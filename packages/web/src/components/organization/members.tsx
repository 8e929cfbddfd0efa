import { useRef, useState } from "react";
import type { MemberView, OrganizationView, Role } from "../../view/identity.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { changeRole, removeMember, thenReload } from "./organization-requests.ts";
import { mayManage, rolesToGive, withArticle } from "./roles.ts";
import { useKeptFocus } from "./use-kept-focus.ts";

interface MembersProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

/** The members of the organization, and for owners and admins the actions that their role allows. */
export function Members({ organization, onChanged }: MembersProps) {
	const heading = useRef<HTMLHeadingElement>(null);
	const [dialog, setDialog] = useState<{ action: "role" | "remove"; member: MemberView }>();
	const [outcome, setOutcome] = useState("");
	const { id: organizationId, name, members, role } = organization;

	useKeptFocus(heading, members.length, dialog !== undefined);
	const onClose = () => setDialog(undefined);

	async function remove(member: MemberView) {
		const problem = await thenReload(removeMember(organizationId, member.id), onChanged);
		setOutcome(problem ? "" : `${member.name} is no longer in ${name}.`);
		return problem;
	}

	async function assign(member: MemberView, next: Role) {
		const problem = await thenReload(changeRole(organizationId, member.id, next), onChanged);
		setOutcome(problem ? "" : `${member.name} is ${withArticle[next]} now.`);
		return problem;
	}

	return (
		<section aria-labelledby="members">
			<h3 id="members" ref={heading} tabIndex={-1} className="font-medium outline-none">
				Members
			</h3>
			<ul className="mt-1">
				{members.map((member) => (
					<MemberRow key={member.id} member={member} viewerRole={role} onAction={(action) => setDialog({ action, member })} />
				))}
			</ul>
			<p role="status" className="mt-2 text-small text-soft wrap-anywhere empty:hidden">
				{outcome}
			</p>
			{dialog?.action === "remove" && (
				<ConfirmDialog
					title={`Remove ${dialog.member.name}?`}
					text={`From their next request on, they use their own requests, not those of ${name}. Their chats stay theirs.`}
					action="Remove"
					onConfirm={() => remove(dialog.member)}
					onClose={onClose}
				/>
			)}
			{dialog?.action === "role" && (
				<RoleDialog member={dialog.member} viewerRole={role} onAssign={(next) => assign(dialog.member, next)} onClose={onClose} />
			)}
		</section>
	);
}

interface MemberRowProps {
	member: MemberView;
	viewerRole: Role;
	onAction: (action: "role" | "remove") => void;
}

function MemberRow({ member: { name, email, role, isYou }, viewerRole, onAction }: MemberRowProps) {
	return (
		<li className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
			<div className="min-w-0 grow basis-48 wrap-anywhere">
				<p>
					{name}
					<span className="text-soft">
						{isYou && " (you)"} · {role}
					</span>
				</p>
				<p className="text-small text-soft">{email}</p>
			</div>
			{!isYou && mayManage(viewerRole, role) && (
				<div className="-mx-2 flex flex-wrap">
					<button type="button" className="button-bare" aria-label={`Change role of ${name}`} onClick={() => onAction("role")}>
						Change role
					</button>
					<button type="button" className="button-bare" aria-label={`Remove ${name}`} onClick={() => onAction("remove")}>
						Remove
					</button>
				</div>
			)}
		</li>
	);
}

interface RoleDialogProps {
	member: MemberView;
	viewerRole: Role;
	/** Resolves to a sentence when it failed. */
	onAssign: (role: Role) => Promise<string | undefined>;
	onClose: () => void;
}

function RoleDialog({ member, viewerRole, onAssign, onClose }: RoleDialogProps) {
	const [role, setRole] = useState(member.role);
	return (
		<ConfirmDialog
			title={`Change ${member.name}’s role`}
			text={
				<>
					All members can use the plan. Admins also invite and remove people and manage the plan; owners can make others owners, too.
					<select aria-label="Role" className="field mt-4 block" value={role} onChange={(event) => setRole(event.target.value as Role)}>
						{rolesToGive(viewerRole).map((each) => (
							<option key={each}>{each}</option>
						))}
					</select>
				</>
			}
			action="Change role"
			isDestructive={false}
			onConfirm={async () => (role === member.role ? undefined : await onAssign(role))}
			onClose={onClose}
		/>
	);
}
