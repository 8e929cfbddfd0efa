import { useState } from "react";
import { t } from "../../text/text.ts";
import type { OrganizationView } from "../../view/identity.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { changeRole, thenReload } from "./organization-requests.ts";

interface HandOverProps {
	organization: OrganizationView;
	/** The organization has a new owner, and the viewer is an admin. Resolves when the page shows that. */
	onHandedOver: (name: string) => Promise<void>;
	onChanged: () => Promise<void>;
}

/** A button that makes another member the owner and the viewer an admin. Hidden if there is no other member. */
export function HandOver({ organization: { id, name, role, members }, onHandedOver, onChanged }: HandOverProps) {
	const others = members.filter(({ isYou }) => !isYou);
	const you = members.find(({ isYou }) => isYou);
	const [open, setOpen] = useState(false);
	const [chosen, setChosen] = useState<string>();
	const [first] = others;
	if (role !== "owner" || !you || !first) return null;
	const heir = others.find((member) => member.id === chosen) ?? first;

	async function handOver() {
		// Two owners for a moment, so that the organization is never without one.
		const refusal = (await changeRole(id, heir.id, "owner")) ?? (await changeRole(id, you?.id ?? "", "admin"));
		if (!refusal) await onHandedOver(heir.name);
		return refusal && thenReload(Promise.resolve(refusal), onChanged);
	}

	return (
		<div className="-ml-2">
			<button type="button" className="button-bare text-left wrap-anywhere" onClick={() => setOpen(true)}>
				{t("org_hand_over_of", { organization: name })}
			</button>
			{open && (
				<ConfirmDialog
					title={t("org_hand_over_title", { organization: name })}
					text={
						<>
							{t("org_hand_over_text")}
							<select
								aria-label={t("org_new_owner")}
								className="field mt-4 block"
								value={heir.id}
								onChange={(event) => setChosen(event.target.value)}
							>
								{others.map((member) => (
									<option key={member.id} value={member.id}>
										{`${member.name} · ${member.email}`}
									</option>
								))}
							</select>
						</>
					}
					action={t("org_hand_over")}
					isDestructive={false}
					onConfirm={handOver}
					onClose={() => setOpen(false)}
				/>
			)}
		</div>
	);
}
