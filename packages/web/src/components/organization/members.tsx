import { useRef, useState } from "react";
import { t } from "../../text/text.ts";
import type { MemberView, OrganizationView, Role } from "../../view/identity.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { changeRole, removeMember, thenReload } from "./organization-requests.ts";
import { isNow, mayManage, roleName, rolesToGive } from "./roles.ts";
import { useKeptFocus } from "./use-kept-focus.ts";

interface MembersProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

/** The organization's members, and for owners and admins the actions that their role allows. */
export function Members({ organization, onChanged }: MembersProps) {
	const heading = useRef<HTMLHeadingElement>(null);
	const [dialog, setDialog] = useState<{ action: "role" | "remove"; member: MemberView }>();
	const [outcome, setOutcome] = useState("");
	const { id: organizationId, name, members, role } = organization;

	useKeptFocus(heading, members.length, dialog !== undefined);
	const onClose = () => setDialog(undefined);

	async function remove(member: MemberView) {
		const problem = await thenReload(removeMember(organizationId, member.id), onChanged);
		setOutcome(problem ? "" : t("org_no_longer_in", { name: member.name, organization: name }));
		return problem;
	}

	async function assign(member: MemberView, next: Role) {
		const problem = await thenReload(changeRole(organizationId, member.id, next), onChanged);
		setOutcome(problem ? "" : isNow(member.name, next));
		return problem;
	}

	return (
		<section aria-labelledby="members">
			<h3 id="members" ref={heading} tabIndex={-1} className="font-medium outline-none">
				{t("org_members")}
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
					title={t("org_remove_title", { name: dialog.member.name })}
					text={t("org_remove_text", { organization: name })}
					action={t("chat_remove")}
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
						{isYou && ` ${t("org_you_mark")}`} · {roleName(role)}
					</span>
				</p>
				<p className="text-small text-soft">{email}</p>
			</div>
			{!isYou && mayManage(viewerRole, role) && (
				<div className="-mx-2 flex flex-wrap">
					<button type="button" className="button-bare" aria-label={t("org_change_role_of", { name })} onClick={() => onAction("role")}>
						{t("org_change_role")}
					</button>
					<button type="button" className="button-bare" aria-label={t("chat_remove_of", { name })} onClick={() => onAction("remove")}>
						{t("chat_remove")}
					</button>
				</div>
			)}
		</li>
	);
}

interface RoleDialogProps {
	member: MemberView;
	viewerRole: Role;
	/** Resolves to an error message on failure. */
	onAssign: (role: Role) => Promise<string | undefined>;
	onClose: () => void;
}

function RoleDialog({ member, viewerRole, onAssign, onClose }: RoleDialogProps) {
	const [role, setRole] = useState(member.role);
	return (
		<ConfirmDialog
			title={t("org_role_title", { name: member.name })}
			text={
				<>
					{t("org_roles_text")}
					<select
						aria-label={t("org_role")}
						className="field mt-4 block"
						value={role}
						onChange={(event) => setRole(event.target.value as Role)}
					>
						{rolesToGive(viewerRole).map((each) => (
							<option key={each} value={each}>
								{roleName(each)}
							</option>
						))}
					</select>
				</>
			}
			action={t("org_change_role")}
			isDestructive={false}
			onConfirm={async () => (role === member.role ? undefined : await onAssign(role))}
			onClose={onClose}
		/>
	);
}
