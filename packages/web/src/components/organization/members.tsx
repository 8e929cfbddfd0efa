import { useRef, useState } from "react";
import type { MemberView, OrganizationView, Role } from "../../view/identity.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { andShow, changeRole, removeMember } from "./organization-requests.ts";
import { mayDo, rolesToGive, withArticle } from "./roles.ts";
import { useKeptFocus } from "./use-kept-focus.ts";

interface MembersProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

/** Who is in the organization; for owners and admins, what they may do about it. */
export function Members({ organization, onChanged }: MembersProps) {
	const heading = useRef<HTMLHeadingElement>(null);
	const [asked, setAsked] = useState<{ what: "role" | "remove"; member: MemberView }>();
	const [told, setTold] = useState("");
	const { id: organizationId, name, members, role } = organization;

	useKeptFocus(heading, members.length, asked !== undefined);
	const onClose = () => setAsked(undefined);

	async function remove(member: MemberView) {
		const problem = await andShow(removeMember(organizationId, member.id), onChanged);
		setTold(problem ? "" : `${member.name} is not in ${name} any more.`);
		return problem;
	}

	async function give(member: MemberView, next: Role) {
		const problem = await andShow(changeRole(organizationId, member.id, next), onChanged);
		setTold(problem ? "" : `${member.name} is ${withArticle[next]} now.`);
		return problem;
	}

	return (
		<section aria-labelledby="members">
			<h3 id="members" ref={heading} tabIndex={-1} className="font-medium outline-none">
				Members
			</h3>
			<ul className="mt-1">
				{members.map((member) => (
					<li key={member.id} className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
						<div className="min-w-0 grow basis-48 wrap-anywhere">
							<p>
								{member.name}
								<span className="text-soft">
									{member.isYou && " (you)"} · {member.role}
								</span>
							</p>
							<p className="text-small text-soft">{member.email}</p>
						</div>
						{!member.isYou && mayDo(role, member.role) && (
							<div className="-mx-2 flex flex-wrap">
								<button
									type="button"
									className="button-bare"
									aria-label={`Change role of ${member.name}`}
									onClick={() => setAsked({ what: "role", member })}
								>
									Change role
								</button>
								<button
									type="button"
									className="button-bare"
									aria-label={`Remove ${member.name}`}
									onClick={() => setAsked({ what: "remove", member })}
								>
									Remove
								</button>
							</div>
						)}
					</li>
				))}
			</ul>
			<p role="status" className="mt-2 text-small text-soft wrap-anywhere empty:hidden">
				{told}
			</p>
			{asked?.what === "remove" && (
				<ConfirmDialog
					title={`Remove ${asked.member.name}?`}
					text={`From the next request on, what they ask counts on themselves and not on ${name}. Their chats stay theirs.`}
					action="Remove"
					dismiss="Keep them"
					onConfirm={() => remove(asked.member)}
					onClose={onClose}
				/>
			)}
			{asked?.what === "role" && (
				<RoleDialog member={asked.member} giver={role} onGive={(next) => give(asked.member, next)} onClose={onClose} />
			)}
		</section>
	);
}

interface RoleDialogProps {
	member: MemberView;
	giver: Role;
	onGive: (role: Role) => Promise<string | undefined>;
	onClose: () => void;
}

function RoleDialog({ member, giver, onGive, onClose }: RoleDialogProps) {
	const [role, setRole] = useState(member.role);
	return (
		<ConfirmDialog
			title={`The role of ${member.name}`}
			text={
				<>
					Everyone asks on the plan. Admins also invite and remove people and decide on the plan; owners can make others owners, too.
					<select aria-label="Role" className="field mt-4 block" value={role} onChange={(event) => setRole(event.target.value as Role)}>
						{rolesToGive(giver).map((one) => (
							<option key={one}>{one}</option>
						))}
					</select>
				</>
			}
			action="Change role"
			dismiss="Leave it"
			onConfirm={async () => (role === member.role ? undefined : await onGive(role))}
			onClose={onClose}
		/>
	);
}
