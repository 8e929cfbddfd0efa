import { useState } from "react";
import { t } from "../../text/text.ts";
import type { OrganizationView } from "../../view/identity.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { leave } from "./organization-requests.ts";

interface LeaveProps {
	organization: OrganizationView;
	onLeft: () => Promise<void>;
}

/** A button that leaves the organization after a confirmation. The only owner cannot leave. */
export function Leave({ organization: { id, name, role, members }, onLeft }: LeaveProps) {
	const [confirming, setConfirming] = useState(false);
	if (role === "owner" && members.filter((member) => member.role === "owner").length === 1) {
		return <p className="text-small text-soft">{t("org_only_owner")}</p>;
	}

	async function confirm() {
		const refusal = await leave(id);
		if (!refusal) await onLeft();
		return refusal?.text;
	}

	return (
		<div className="-ml-2">
			<button type="button" className="button-bare text-left wrap-anywhere" onClick={() => setConfirming(true)}>
				{t("org_leave_of", { organization: name })}
			</button>
			{confirming && (
				<ConfirmDialog
					title={t("org_leave_title", { organization: name })}
					text={t("org_leave_text")}
					action={t("org_leave")}
					onConfirm={confirm}
					onClose={() => setConfirming(false)}
				/>
			)}
		</div>
	);
}
